import { emptyAccount, expect, expectAccessible, test } from "./fixtures.ts";
import { makePictures, sendStarter } from "./made.ts";
import { open } from "./open.ts";

test("two pictures are judged blind, the vote tells how they were made, and the ranking draws its intervals", async ({ page, expectConsole }) => {
  expectConsole(/404/);
  await emptyAccount();
  await open(page, "/arena");
  await expect(page.getByRole("heading", { name: "Nothing to compare yet" })).toBeVisible();
  await expectAccessible(page);

  const image = await sendStarter("blueprint-castle.png");
  for (const strength of [0.5, 1.5]) await makePictures({ references: [{ image }], prompt: "a castle", strength, seed: 5 });
  await page.reload();
  await expect(page.getByRole("img", { name: "The left picture" })).toBeVisible();
  await expect(page.getByText(/strength/)).toHaveCount(0);
  await expectAccessible(page);
  await page.keyboard.press("ArrowLeft");
  await expect(page.getByText("strength 0.5")).toBeVisible();
  await expect(page.getByText("strength 1.5")).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Next pair" }).click();
  await expect(page.getByRole("heading", { name: /That was the last pair|Nothing to compare yet/ })).toBeVisible();

  await page.getByRole("tab", { name: "Ranking" }).click();
  await expect(page.getByRole("rowheader", { name: /strength/ })).toHaveCount(2);
  await expect(page.getByRole("img", { name: /^\d+, between -?\d+ and \d+$/ })).toHaveCount(2);
  await expect(page.getByText(/From 1 vote/)).toBeVisible();
  await expectAccessible(page);
});
