import type { Page } from "@playwright/test";
import { expect, expectAccessible, generate, served, setDesk, test } from "./fixtures.ts";
import { open } from "./open.ts";

test.use({
  baseURL: async ({}, use) => {
    await use(served("STUDIO_HOSTED_URL"));
  },
});

let people = 0;
const person = () => ({ name: "Ada", email: `ada-${Date.now()}-${++people}@example.com`, password: "correct horse battery" });

const fill = async (page: Page, { email, password }: { readonly email: string; readonly password: string }): Promise<void> => {
  await page.getByRole("textbox", { name: "E-mail" }).fill(email);
  await page.getByLabel("Password").fill(password);
};

const signUp = async (page: Page, who: ReturnType<typeof person>): Promise<void> => {
  await open(page, "/sign-in");
  await page.getByRole("button", { name: "I am new here" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill(who.name);
  await fill(page, who);
  await page.getByRole("button", { name: "Make an account" }).click();
  await expect(page).toHaveURL(/\/$/);
};

const account = (page: Page, { email }: { readonly email: string }) => page.getByRole("button", { name: `Account of ${email}` });

test("who is new makes an account, makes a picture, signs out and finds it after signing in again", async ({ page, expectConsole }) => {
  expectConsole(/401/);
  const ada = person();
  await open(page, "/gallery");
  await page.getByRole("link", { name: "Sign in" }).last().click();
  await expect(page).toHaveURL(/\/sign-in\?back=%2Fgallery$/);
  await expectAccessible(page);
  await signUp(page, ada);
  await expect(account(page, ada)).toHaveAccessibleName(/200 credits left/);
  await setDesk(page, { style: "Clay", prompt: "a strawberry", count: 1 });
  await generate(page);
  await expect(page.getByRole("img", { name: "a strawberry, picture 1" })).toBeVisible();
  await expect(account(page, ada)).toHaveAccessibleName(/199 credits left/);

  await account(page, ada).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/sign-in$/);
  await open(page, "/gallery");
  await expect(page.getByRole("heading", { name: "You are not signed in." })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("main").getByRole("link", { name: "Sign in" }).click();
  await fill(page, { ...ada, password: "wrong horse battery" });
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "Invalid email or password. Check what you typed" })).toBeVisible();
  await expectAccessible(page);
  await fill(page, ada);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/gallery$/);
  await expect(page.getByRole("link", { name: "a strawberry" })).toHaveCount(1);
});

test("a first visit sees the shelf and what to do before it can make pictures", async ({ page, expectConsole }) => {
  expectConsole(/401/);
  await open(page, "/");
  await expect(page.getByRole("heading", { name: /Choose how it should look/ })).toBeVisible();
  await expect(page.locator("#generate-note")).toContainText("Sign in to make pictures.");
  await expectAccessible(page);
  await page.getByRole("link", { name: "Sign in to make pictures" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});

test("who signs out leaves nothing for the next person at the same browser", async ({ page, expectConsole }) => {
  expectConsole(/401/);
  const [ada, bea] = [person(), person()];
  await signUp(page, ada);
  await page.getByLabel("Prompt", { exact: true }).fill("a secret castle");
  await account(page, ada).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/sign-in$/);
  await signUp(page, bea);
  await expect(page.getByLabel("Prompt", { exact: true })).toHaveValue("");
  await open(page, "/gallery");
  await expect(page.getByRole("heading", { name: "Nothing here yet" })).toBeVisible();
});

test("on a phone the bar has the way in, then what is left", async ({ page, expectConsole }) => {
  expectConsole(/401/);
  await page.setViewportSize({ width: 390, height: 844 });
  const ada = person();
  await open(page, "/");
  await expect(page.getByRole("link", { name: "Sign in" }).first()).toBeInViewport();
  await expectAccessible(page);
  await signUp(page, ada);
  await expect(account(page, ada)).toBeInViewport();
  await expect(account(page, ada)).toContainText("200");
});
