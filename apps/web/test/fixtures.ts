import { fileURLToPath } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import { expect, test as base, type Page } from "@playwright/test";

/** An environment variable that the set-up wrote. */
export const served = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run the tests with \`npm test\``);
  return value;
};

/** The pictures of the starter shelf, as files. */
export const starterFile = (name: string): string => fileURLToPath(new URL(`../../../models/mini/references/${name}`, import.meta.url));

/** A call of the REST API with the account's key, as an integrator makes it. */
export const callApi = async (method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<unknown> => {
  const response = await fetch(`${served("STUDIO_API_URL")}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${served("STUDIO_API_KEY")}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
};

/** Makes the account as a first visit finds it: no open jobs, no pictures. */
export const emptyAccount = async (): Promise<void> => {
  await callApi("POST", "/jobs/cancel", { ids: "all" });
  for (;;) {
    const { data } = (await callApi("GET", "/jobs?limit=100")) as { data: { id: string; is_terminal: boolean }[] };
    if (data.length === 0) return;
    for (const job of data) if (job.is_terminal) await callApi("DELETE", `/jobs/${job.id}`);
    if (data.some((job) => !job.is_terminal)) await new Promise((resolve) => setTimeout(resolve, 200));
  }
};

/** Every test fails on an error in the browser's console that it did not announce. */
export const test = base.extend<{ readonly expectConsole: (pattern: RegExp) => void; readonly quietConsole: undefined }>({
  expectConsole: async ({}, use) => {
    await use((pattern) => expected.push(pattern));
  },
  quietConsole: [
    async ({ page }, use) => {
      expected.length = 0;
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      await use(undefined);
      expect(errors.filter((error) => !expected.some((pattern) => pattern.test(error)))).toEqual([]);
    },
    { auto: true },
  ],
  baseURL: async ({}, use) => {
    await use(served("STUDIO_URL"));
  },
});

const expected: RegExp[] = [];

/** No serious or critical finding of axe on the page as it is. */
export const expectAccessible = async (page: Page): Promise<void> => {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`)).toEqual([]);
};

/** Sets the desk to make `count` pictures in a few steps from one starter, the way a person does. */
export const setDesk = async (page: Page, { style, prompt, count }: { readonly style: string; readonly prompt: string; readonly count: 1 | 2 | 4 | 8 }): Promise<void> => {
  await page.getByRole("button", { name: `Add the style ${style}` }).click();
  await page.getByLabel("Prompt", { exact: true }).fill(prompt);
  await page.getByRole("radio", { name: count === 1 ? "1 picture" : `${count} pictures` }).click();
  await page.getByRole("radio", { name: "Fast" }).click();
};

/** Presses Generate once it may be pressed. */
export const generate = async (page: Page): Promise<void> => {
  const button = page.getByRole("button", { name: "Generate" });
  await expect(button).toHaveAttribute("aria-disabled", "false");
  await button.click();
};

export { expect };
