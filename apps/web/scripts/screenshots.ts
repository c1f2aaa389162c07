// Pictures of every page, light and dark, on a desk and on a phone: docs/images/studio. `npm run screenshots` at the root.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { chromium, type Page } from "@playwright/test";
import sharp from "sharp";
import { launchOptions } from "../test/launch.ts";
import { startServed } from "../test/start-served.ts";
import { VIEWS } from "./views.ts";

const folder = join(import.meta.dirname, "../../../docs/images/studio");
const SCREENS = [
  { name: "desktop", viewport: { width: 1440, height: 900 }, isMobile: false },
  { name: "phone", viewport: { width: 390, height: 844 }, isMobile: true },
] as const;

const take = async (page: Page, file: string): Promise<void> => {
  // A page that follows the account's news keeps a stream open, and is never idle.
  await page.waitForLoadState("networkidle", { timeout: 6000 }).catch(() => undefined);
  await page.evaluate(async () => {
    await document.fonts.ready;
    await Promise.all([...document.images].filter(({ complete, loading }) => !complete && loading !== "lazy").map((image) => image.decode().catch(() => undefined)));
  });
  const png = await page.screenshot({ animations: "disabled", caret: "hide" });
  await sharp(png).webp({ quality: 82 }).toFile(join(folder, `${file}.webp`));
  console.log(file);
};

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const served = await startServed();
const browser = await chromium.launch(launchOptions);
try {
  for (const view of VIEWS) {
    for (const screen of SCREENS) {
      for (const colorScheme of ["light", "dark"] as const) {
        const context = await browser.newContext({ baseURL: served.webUrl, colorScheme, viewport: screen.viewport, isMobile: screen.isMobile, hasTouch: screen.isMobile });
        const page = await context.newPage();
        page.setDefaultTimeout(120_000);
        await view.open(page);
        await take(page, `${view.name}-${screen.name}-${colorScheme}`);
        await context.close();
      }
    }
  }
} finally {
  await browser.close();
  await served.stop();
}
