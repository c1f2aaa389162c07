import type { Page } from "@playwright/test";
import { callApi, expect, expectAccessible, test } from "./fixtures.ts";
import { makePictures, sendStarter } from "./made.ts";
import { open } from "./open.ts";

const LONG = "Grandmother's hand-pulled linocut on rough paper, printed in the winter of 1962, second state";
const UNBROKEN = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";

/** How far the page can be moved sideways, in pixels. */
const sideways = (page: Page): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

test("no page is wider than a phone, whatever things are called, and all can be read in the dark", async ({ page }) => {
  const image = await sendStarter("linocut-rooster.png");
  for (const name of [LONG, UNBROKEN]) await callApi("POST", "/styles", { name: `${name} ${Date.now()}`.slice(-100), description: `${UNBROKEN} ${LONG}`, tags: [UNBROKEN.slice(0, 30).toLowerCase()], references: [{ image }] });
  await makePictures({ prompt: `${UNBROKEN} ${LONG}`, references: [{ image }], count: 3 });
  await callApi("POST", "/keys", { name: UNBROKEN, mode: "test", scopes: ["jobs:read"] });
  await callApi("POST", "/matrices", { references: [[{ image }]], prompts: [UNBROKEN, LONG], strengths: [0.5, 1], steps: 4 });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 390, height: 844 });
  const newest = async (list: string): Promise<string> => ((await callApi("GET", `${list}?limit=1`)) as { data: { id: string }[] }).data[0]?.id ?? "";
  const paths = ["/", "/matrix", "/gallery", `/gallery/${await newest("/pictures")}`, "/styles", `/styles/${await newest("/styles")}`, "/styles/blend", "/arena", ...["keys", "webhooks", "usage", "console", "reference"].map((tab) => `/developers?tab=${tab}`)];
  for (const path of paths) {
    await test.step(path, async () => {
      await open(page, path);
      await expect(page.getByRole("main").locator(".skeleton")).toHaveCount(0);
      expect(await sideways(page)).toBe(0);
      await expectAccessible(page);
    });
  }
});
