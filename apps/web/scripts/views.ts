import type { Page } from "@playwright/test";

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
      await make(page, "Stained glass", "a mushroom");
    },
  },
];
