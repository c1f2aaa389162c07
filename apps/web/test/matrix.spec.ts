import { readFile } from "node:fs/promises";
import sharp from "sharp";
import { expect, expectAccessible, test } from "./fixtures.ts";
import { open } from "./open.ts";

test("a matrix takes shape before it is made, fills cell by cell, and leaves as CSV and as a picture", async ({ page }) => {
  await open(page, "/matrix");
  await expect(page.getByText("Add at least one reference.")).toBeVisible();
  await page.getByRole("button", { name: "Add references" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Watercolour" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Neon sign" }).click();
  await page.getByRole("button", { name: "Done, 2 added" }).click();
  await page.getByRole("textbox", { name: "Prompts" }).fill("a fox\na castle\n\na fox");
  await page.getByRole("button", { name: "Strength 0.5 ×" }).click();
  await expect(page.getByText("2 × 2 × 2 cells")).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Make 8 pictures" }).click();

  await expect(page).toHaveURL(/\/matrix\/mtx_/);
  await expect(page.getByRole("button", { name: /: done$/ })).toHaveCount(8);
  await expect(page.getByText(/^8 of 8 pictures, all from seed \d+\.$/)).toBeVisible();
  await expectAccessible(page);

  const csvArrives = page.waitForEvent("download");
  await page.getByRole("button", { name: "CSV" }).click();
  const lines = (await readFile(await (await csvArrives).path(), "utf8")).trimEnd().split("\r\n");
  expect(lines).toHaveLength(9);
  expect(lines.slice(1).every((line) => line.includes("succeeded"))).toBe(true);

  const sheetArrives = page.waitForEvent("download");
  await page.getByRole("button", { name: "Picture" }).click();
  const { format, width, height } = await sharp(await (await sheetArrives).path()).metadata();
  expect({ format, wide: width > 2 * 160, tall: height > 4 * 160 }).toEqual({ format: "png", wide: true, tall: true });

  await page.getByRole("button", { name: "a fox, reference 1, strength 0.5 ×: done" }).click();
  await expect(page.getByRole("dialog", { name: "a fox, reference 1, strength 0.5 ×" })).toBeVisible();
  await page.getByRole("button", { name: "Cell after" }).click();
  await expect(page.getByRole("dialog", { name: "a fox, reference 1, strength 1 ×" })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("link", { name: "Remix" }).click();
  await expect(page.getByLabel("Prompt", { exact: true })).toHaveValue("a fox");
});

test("a matrix that runs is canceled, and says which cells are missing", async ({ page }) => {
  await open(page, "/matrix");
  await page.getByRole("button", { name: "Add references" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Linocut" }).click();
  await page.getByRole("button", { name: "Done, 1 added" }).click();
  await page.getByRole("textbox", { name: "Prompts" }).fill("a fox\na castle\na tree\na boat\na cat\na dog");
  await page.getByRole("button", { name: "Strength 0.5 ×" }).click();
  await page.getByRole("radio", { name: "Faithful" }).click();
  await page.getByRole("button", { name: "Make 12 pictures" }).click();
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await expect(page.getByRole("button", { name: "Cancel", exact: true })).toBeHidden();
  await expect(page.getByRole("button", { name: /: canceled$/ }).first()).toBeVisible();
});
