import { callApi, emptyAccount, expect, expectAccessible, generate, setDesk, test } from "./fixtures.ts";
import { makePictures, sendStarter } from "./made.ts";
import { open } from "./open.ts";

interface JobInput {
  readonly references: readonly Readonly<Record<string, unknown>>[];
}

test("an empty gallery says how to begin", async ({ page }) => {
  await emptyAccount();
  await open(page, "/gallery");
  await expect(page.getByRole("heading", { name: "Nothing here yet" })).toBeVisible();
  await expectAccessible(page);
});

test("remix brings back every setting and the reference: the same request goes out again", async ({ page }) => {
  const image = await sendStarter("watercolour-fox.png");
  const request = { references: [{ image, weight: 0.8, mode: "both", fit: "crop" }], prompt: "an owl on a hill", negative_prompt: "blue", strength: 0.7, seed: 1234, sampler: "euler", spacing: "karras", steps: 5, guidance: 3 } as const;
  await makePictures({ ...request, references: [...request.references], count: 2 });
  await open(page, "/gallery");
  await page.getByRole("link", { name: "an owl on a hill" }).nth(1).click();
  await expect(page.getByRole("heading", { name: "an owl on a hill" })).toBeVisible();
  await expect(page.getByText("1235", { exact: true })).toBeVisible();
  for (const fact of ["euler", "karras", "blue"]) await expect(page.getByText(fact, { exact: true })).toBeVisible();
  await expect(page.getByText("for its style and content · weight 0.8 ×")).toBeVisible();
  await expect(page.getByRole("img", { name: "Reference 1" })).toBeVisible();
  await expectAccessible(page);

  await page.getByRole("link", { name: "Remix" }).click();
  await expect(page.getByLabel("Prompt", { exact: true })).toHaveValue("an owl on a hill");
  await expect(page.getByRole("button", { name: "Remove Reference 1" })).toBeVisible();
  await generate(page);
  await expect(page.getByRole("figure").getByRole("img", { name: "an owl on a hill, picture 1" })).toBeVisible();
  const newest = async (): Promise<JobInput | undefined> => ((await callApi("GET", "/jobs?limit=1")) as { data: { input: JobInput }[] }).data[0]?.input;
  await expect.poll(newest, { timeout: 60_000 }).toMatchObject({ ...request, count: 1, seed: 1235 });
});

test("the gallery goes on to its oldest picture, also where a page of it does not fill the window", async ({ page }) => {
  await page.setViewportSize({ width: 2200, height: 1300 });
  for (let made = 0; made < 56; made += 8) await makePictures({ prompt: "a pebble", count: 8, steps: 1 });
  await open(page, "/gallery?search=pebble");
  await expect(page.getByText("That is all: 56 pictures.")).toBeVisible();
  await expect(page.getByRole("link", { name: "a pebble" })).toHaveCount(56);
});

test("a service that does not answer is said, with what to do, and one click tries again", async ({ page, expectConsole }) => {
  expectConsole(/ERR_FAILED|Failed to fetch/);
  await makePictures({ prompt: "a bridge" });
  // The list alone: a page whose stream of news breaks, too, reads the list again by itself when that is back.
  const list = /\/trpc\/[^?]*pictures\.list/;
  await page.route(list, (route) => route.abort());
  await open(page, "/gallery?search=bridge");
  const alert = page.getByRole("alert").filter({ has: page.getByRole("button", { name: "Try again" }) });
  await expect(alert).toBeVisible();
  await expectAccessible(page);
  await page.unroute(list);
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("link", { name: "a bridge" }).first()).toBeVisible();
});

test("search and filters narrow the gallery, and an address keeps them", async ({ page }) => {
  await makePictures({ prompt: "a lighthouse" });
  await makePictures({ prompt: "a castle", references: [{ image: await sendStarter("neon-guitar.png"), mode: "style" }] });
  await open(page, "/gallery");
  await expect(page.getByRole("link", { name: "a lighthouse" })).toBeVisible();
  await page.getByLabel("Search pictures").fill("LIGHT");
  await expect(page.getByRole("link", { name: "a castle" })).toBeHidden();
  await expect(page).toHaveURL(/search=LIGHT/);
  await page.reload();
  await expect(page.getByRole("link", { name: "a lighthouse" })).toBeVisible();
  await page.getByRole("radio", { name: "References used for their style" }).click();
  await expect(page.getByRole("heading", { name: "No picture matches" })).toBeVisible();
  await page.getByRole("button", { name: "Show everything" }).click();
  await expect(page.getByRole("link", { name: "a castle" }).first()).toBeVisible();
});

test("a share link shows the picture to anybody, until it is taken back", async ({ page, browser, baseURL }) => {
  await makePictures({ prompt: "a snail in a shell", seed: 77 });
  await open(page, "/gallery?search=snail");
  await page.getByRole("link", { name: "a snail in a shell" }).first().click();
  await page.getByRole("button", { name: "Share", exact: true }).click();
  const link = await page.getByRole("dialog").getByRole("link").getAttribute("href");
  expect(link).toMatch(new RegExp(`^${baseURL ?? ""}/s/[\\w-]{32}$`));
  await expectAccessible(page);

  const stranger = await browser.newContext();
  const shared = await stranger.newPage();
  await shared.goto(link ?? "");
  await expect(shared.getByRole("img", { name: "a snail in a shell" })).toBeVisible();
  await expect(shared.getByText("77", { exact: true })).toBeVisible();
  await expect(shared.getByRole("navigation")).toHaveCount(0);
  await expectAccessible(shared);

  await page.getByRole("button", { name: "Stop sharing" }).click();
  await expect(page.getByRole("button", { name: "Share", exact: true })).toBeVisible();
  expect((await shared.goto(link ?? ""))?.status()).toBe(404);
  await stranger.close();
});

test("a deleted picture is gone from the gallery and from its address", async ({ page, expectConsole }) => {
  expectConsole(/404/);
  await makePictures({ prompt: "a kite to be deleted" });
  await open(page, "/gallery?search=kite");
  await page.getByRole("link", { name: "a kite to be deleted" }).first().click();
  await page.waitForURL(/\/gallery\/pic_/);
  const address = page.url();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Delete the picture" }).click();
  await expect(page).toHaveURL(/\/gallery$/);
  await expect(page.getByRole("link", { name: "a kite to be deleted" })).toHaveCount(0);
  await open(page, address);
  await expect(page.getByRole("alert").filter({ hasText: "It may have been deleted." })).toBeVisible();
});

test("what one tab makes shows up in the gallery of the other", async ({ page, context }) => {
  const gallery = await context.newPage();
  await open(gallery, "/gallery?search=turtle");
  await open(page, "/");
  await setDesk(page, { style: "Sticker", prompt: "a turtle at sea", count: 1 });
  await generate(page);
  await expect(gallery.getByRole("link", { name: "a turtle at sea" })).toBeVisible();
});
