import type { Page } from "@playwright/test";
import { open } from "../test/open.ts";

/** What is taken a picture of. The views come in this order, on one account: later ones see what earlier ones made. */
interface View {
  readonly name: string;
  readonly open: (page: Page) => Promise<void>;
}

const make = async (page: Page, style: string, prompt: string): Promise<void> => {
  await page.getByRole("button", { name: `Add the style ${style}` }).click();
  await page.getByLabel("Prompt", { exact: true }).fill(prompt);
  await page.locator("#generate-note").filter({ hasText: "credit" }).waitFor();
  await page.getByRole("button", { name: "Generate" }).click();
  await page.getByText(prompt, { exact: true }).last().waitFor();
  await page.getByRole("button", { name: "Remix" }).waitFor();
};

const see = async (page: Page, path: string, what: string): Promise<void> => {
  await open(page, path);
  await page.locator(what).first().waitFor();
};

/** The newest matrix; the first time, one that is made. */
const fillMatrix = async (page: Page): Promise<void> => {
  await open(page, "/matrix");
  await page.waitForLoadState("networkidle");
  const made = page.locator("main a[href^='/matrix/mtx']");
  if ((await page.getByRole("heading", { name: "Made lately" }).count()) > 0) await made.first().click();
  else {
    await page.getByRole("button", { name: "Add references" }).click();
    for (const starter of ["Watercolour", "Neon sign", "Linocut"]) await page.getByRole("dialog").getByRole("button", { name: starter }).click();
    await page.getByRole("button", { name: "Done, 3 added" }).click();
    await page.getByRole("textbox", { name: "Prompts" }).fill("a fox\na castle\na mushroom\na rocket");
    await page.getByRole("button", { name: "Strength 0.5 ×" }).click();
    await page.getByRole("button", { name: "Make 24 pictures" }).click();
  }
  await page.getByText(/^24 of 24 pictures/).waitFor();
};

/** A few styles; the first time, they are kept. */
const keepStyles = async (page: Page): Promise<void> => {
  await see(page, "/styles", "main h2, main a[href^='/styles/sty']");
  if ((await page.getByRole("heading", { name: "Keep your first style" }).count()) > 0) {
    for (const [starter, tag] of [["Watercolour", "paper"], ["Stained glass", "glass"], ["Neon sign", "night"], ["Linocut", "print"]] as const) {
      await page.getByRole("button", { name: "New style" }).first().click();
      await page.getByRole("button", { name: "Add pictures" }).click();
      await page.getByRole("dialog").getByRole("button", { name: starter }).click();
      await page.getByRole("button", { name: "Done, 1 added" }).click();
      await page.getByRole("textbox", { name: "Name" }).fill(starter);
      await page.getByRole("textbox", { name: "Tags" }).fill(tag);
      await page.getByRole("button", { name: "Keep the style" }).click();
      await page.getByRole("heading", { name: starter, level: 1 }).waitFor();
      await open(page, "/styles");
      await page.getByRole("link", { name: new RegExp(starter) }).waitFor();
    }
  }
  await page.locator("main a[href^='/styles/sty'] img").first().waitFor();
};

export const VIEWS: readonly View[] = [
  {
    name: "welcome",
    open: async (page) => {
      await page.goto("/");
    },
  },
  {
    name: "studio",
    open: async (page) => {
      await page.goto("/");
      await make(page, "Watercolour", "a mushroom");
    },
  },
  { name: "matrix", open: fillMatrix },
  { name: "gallery", open: (page) => see(page, "/gallery", "main a[href^='/gallery/']") },
  {
    name: "picture",
    open: async (page) => {
      await see(page, "/gallery", "main a[href^='/gallery/']");
      await page.locator("main a[href^='/gallery/']").first().click();
      await page.getByRole("link", { name: "Remix" }).waitFor();
    },
  },
  { name: "styles", open: keepStyles },
  { name: "arena", open: (page) => see(page, "/arena", "main figure img, main button img") },
  { name: "keys", open: (page) => see(page, "/developers", "main li") },
  { name: "usage", open: (page) => see(page, "/developers?tab=usage", "main figure") },
  { name: "reference", open: (page) => see(page, "/developers?tab=reference", "main article") },
];
