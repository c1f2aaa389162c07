import type { Page } from "@playwright/test";

/** Opens a page and waits until it answers to clicks: React has taken over what the server sent. */
export const open = async (page: Page, path: string): Promise<void> => {
  await page.goto(path);
  await page.waitForFunction(() => Object.keys(document.querySelector("main") ?? {}).some((key) => key.startsWith("__reactProps")));
};
