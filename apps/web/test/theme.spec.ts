import { expect, test } from "./fixtures.ts";

test("the page follows the machine from light to dark and back, where something is and where nothing is", async ({ page, expectConsole }) => {
  expectConsole(/404/);
  for (const path of ["/developers", "/gallery/nothing"]) {
    await page.emulateMedia({ colorScheme: "dark" });
    await page.goto(path);
    await expect(page.locator("html")).toHaveClass(/(^| )dark( |$)/);
    await expect(page.getByRole("heading", { level: path === "/developers" ? 1 : 2 })).toBeVisible();
    await expect(page.locator("html")).toHaveClass(/(^| )dark( |$)/);
    await page.emulateMedia({ colorScheme: "light" });
    await expect(page.locator("html")).not.toHaveClass(/(^| )dark( |$)/);
  }
});
