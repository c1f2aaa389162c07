import type { Page } from "@playwright/test";
import { callApi, expect, expectAccessible, test } from "./fixtures.ts";
import { open } from "./open.ts";

const forget = async (): Promise<void> => {
  const { data } = (await callApi("GET", "/styles?owned=true&limit=100")) as { data: { id: string }[] };
  for (const { id } of data) await callApi("DELETE", `/styles/${id}`);
};

const keep = async (page: Page, starter: string, name: string, tag: string): Promise<void> => {
  await open(page, "/styles");
  await page.getByRole("button", { name: "New style" }).first().click();
  await page.getByRole("button", { name: "Add pictures" }).click();
  await page.getByRole("dialog").getByRole("button", { name: starter }).click();
  await page.getByRole("button", { name: "Done, 1 added" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill(name);
  await page.getByRole("textbox", { name: "Tags" }).fill(tag);
  await page.getByRole("textbox", { name: "Tags" }).press("Enter");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Keep the style" }).click();
  await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
};

test("references are kept under a name, found by tag, blended with a slider and copied as a code of their version", async ({ page, context }) => {
  await forget();
  await open(page, "/styles");
  await expect(page.getByRole("heading", { name: "Keep your first style" })).toBeVisible();
  await expectAccessible(page);
  await keep(page, "Watercolour", "Soft wash", "paper");
  await keep(page, "Linocut", "Hard cut", "print");

  await page.getByRole("button", { name: "Get the code" }).click();
  await expect(page.getByRole("textbox", { name: "The code" })).toHaveValue(/^[A-Za-z0-9+/=]{100,}$/);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy the code" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await page.getByRole("textbox", { name: "The code" }).inputValue());
  await expect(page.getByText(/^version 1 · encoder [0-9a-f]{12}/)).toBeVisible();
  await expectAccessible(page);

  await page.getByRole("link", { name: "Blend" }).click();
  await page.getByRole("slider", { name: /Share of/ }).press("Home");
  await expect(page.getByRole("button", { name: "Keep this blend" })).toBeDisabled();
  for (let i = 0; i < 6; i++) await page.getByRole("slider", { name: /Share of/ }).press("ArrowRight");
  await page.getByRole("textbox", { name: "Prompt" }).fill("a fox");
  await page.getByRole("button", { name: "Show the way between" }).click();
  await expect(page.getByRole("button", { name: "25 % of the second style" }).locator("img")).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Keep this blend" }).click();
  await expect(page.getByText("70 % Hard cut, 30 % Soft wash.")).toBeVisible();
  await page.getByRole("button", { name: "Keep the style" }).click();
  await expect(page.getByRole("heading", { name: "Hard cut × Soft wash" })).toBeVisible();
  await expect(page.getByText(/70 %/)).toBeVisible();

  await open(page, "/styles");
  await page.getByRole("button", { name: "print", exact: true }).click();
  await expect(page.getByRole("link", { name: /Hard cut/ })).toHaveCount(1);
  await expect(page.getByRole("link", { name: /Soft wash/ })).toHaveCount(0);
});
