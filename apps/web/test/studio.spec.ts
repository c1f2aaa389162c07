import { readFile } from "node:fs/promises";
import { fitImage, hostImage } from "@deadiff/core";
import type { Locator, Page } from "@playwright/test";
import sharp from "sharp";
import { callApi, emptyAccount, expect, expectAccessible, generate, setDesk, starterFile, test } from "./fixtures.ts";
import { makePictures, sendStarter } from "./made.ts";

const pictures = (page: Page) => page.getByRole("main").getByRole("figure").getByRole("img");

test("a first visit comes to a picture: a style from the shelf, a few words, Ctrl-Enter", async ({ page }) => {
  await emptyAccount();
  await page.goto("/");
  await expect(page.getByRole("heading", { name: /Choose how it should look/ })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Stained glass", exact: true }).click();
  await page.getByLabel("Prompt", { exact: true }).pressSequentially("a mushr");
  await page.getByRole("option", { name: "mushroom" }).click();
  await expect(page.getByLabel("Prompt", { exact: true })).toHaveValue("a mushroom ");
  await page.getByRole("radio", { name: "2 pictures" }).click();
  await page.getByRole("radio", { name: "Fast" }).click();
  await expect(page.getByRole("button", { name: "Generate" })).toHaveAttribute("aria-disabled", "false");
  await page.keyboard.press("Control+Enter");
  // A fast job on a quiet machine is done before one could look for its progress: another test watches a long one.
  await expect(pictures(page)).toHaveCount(2);
  await expect(page.getByRole("button", { name: "Remix" })).toBeVisible();
  await expectAccessible(page);
});

test("the keyboard alone makes a picture", async ({ page }) => {
  await page.goto("/");
  const reach = async (name: string, role: "button" | "radio" | "combobox") => {
    const wanted = page.getByRole(role, { name }).first();
    for (let i = 0; i < 80; i++) {
      if (await wanted.evaluate((element) => element === document.activeElement)) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`Tab never reached ${name}`);
  };
  await reach("Prompt", "combobox");
  await page.keyboard.type("a fox");
  await page.keyboard.press("Escape");
  await reach("Add the style Neon sign", "button");
  await page.keyboard.press("Enter");
  await reach("Balanced", "radio");
  await page.keyboard.press("ArrowLeft");
  // The group moves the focus after the key's own turn.
  await expect(page.getByRole("radio", { name: "Fast" })).toBeFocused();
  await page.keyboard.press("Space");
  await expect(page.getByRole("radio", { name: "Fast" })).toBeChecked();
  await reach("Generate", "button");
  await expect(page.getByRole("button", { name: "Generate" })).toHaveAttribute("aria-disabled", "false");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("img", { name: "a fox, picture 1" })).toBeVisible();
});

test("a word the model was never shown is marked, and said to be left out", async ({ page }) => {
  await page.goto("/");
  await page.getByLabel("Prompt", { exact: true }).fill("a zeppelin over a castle");
  await expect(page.getByRole("status").filter({ hasText: "zeppelin" })).toBeVisible();
  await expect(page.locator("mark")).toHaveText(["zeppelin"]);
});

/** Makes the job as long as the desk can: a quick machine must not be done before the test looks. */
const setLong = async (page: Page): Promise<void> => {
  await page.getByRole("radio", { name: "8 pictures" }).click();
  await page.getByRole("button", { name: "Advanced" }).click();
  await page.getByRole("combobox", { name: "Sampler" }).click();
  await page.getByRole("option", { name: /^Heun/ }).click();
  await page.getByRole("textbox", { name: "Steps, steps" }).fill("60");
  await page.getByRole("textbox", { name: "Steps, steps" }).press("Enter");
};

test("a job that runs is canceled, charges nothing, and its request can be taken up again", async ({ page }) => {
  await page.goto("/");
  await setDesk(page, { style: "Blueprint", prompt: "a castle", count: 8 });
  await setLong(page);
  await generate(page);
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("heading", { name: "Canceled" })).toBeVisible();
  const { data } = (await callApi("GET", "/jobs?limit=1")) as { data: { state: string; charge: { state: string } }[] };
  expect(data[0]).toMatchObject({ state: "canceled", charge: { state: "released" } });
  await page.getByRole("button", { name: /Remove/ }).click();
  await page.getByRole("button", { name: "Remix" }).click();
  await expect(page.getByLabel("Prompt", { exact: true })).toHaveValue("a castle");
  await expect(page.getByRole("button", { name: "Remove Reference 1" })).toBeVisible();
});

test("a file that is no picture says so, says what to do, and holds Generate back", async ({ page }) => {
  await page.goto("/");
  await page.getByLabel("Reference files").setInputFiles({ name: "notes.png", mimeType: "image/png", buffer: Buffer.from("these are notes, no picture") });
  await expect(page.getByRole("alert").filter({ hasText: "not a picture that can be read" })).toContainText("Use a JPEG, PNG or WebP picture.");
  await expect(page.getByText("Remove the reference that failed.")).toBeVisible();
  await page.getByRole("button", { name: "Remove notes.png" }).click();
  await expect(page.getByText("Remove the reference that failed.")).toBeHidden();
});

test("a reload in the middle of a job finds it again, and the desk as it was", async ({ page }) => {
  await page.goto("/");
  await setDesk(page, { style: "Clay", prompt: "a strawberry", count: 8 });
  await setLong(page);
  await generate(page);
  await expect(page.getByRole("progressbar")).toBeVisible();
  await page.reload();
  await expect(page.getByRole("progressbar")).toBeVisible();
  await expect(page.getByLabel("Prompt", { exact: true })).toHaveValue("a strawberry");
  await expect(page.getByRole("button", { name: "Remove Clay" })).toBeVisible();
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("heading", { name: "Canceled" })).toBeVisible();
});

test("on a phone Generate leads to the pictures, and a picture to how it was made", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/");
  await setDesk(page, { style: "Sticker", prompt: "a turtle on a beach", count: 2 });
  await generate(page);
  const first = page.getByRole("img", { name: "a turtle on a beach, picture 1" });
  await expect(first).toBeInViewport();
  await first.click();
  await expect(page).toHaveURL(/\/gallery\/pic_/);
  await expect(page.getByRole("heading", { name: "a turtle on a beach" })).toBeVisible();
});

test("what one tab makes shows up in the other", async ({ page, context }) => {
  const other = await context.newPage();
  await page.goto("/");
  await other.goto("/");
  const prompt = "a rocket in red";
  await setDesk(page, { style: "Pop art", prompt, count: 1 });
  await generate(page);
  await expect(other.getByRole("figure").getByRole("img", { name: prompt })).toBeVisible();
});

test("offline is said, keeps the desk, and ends by itself", async ({ page, context, expectConsole }) => {
  expectConsole(/ERR_INTERNET_DISCONNECTED|Failed to fetch/);
  await page.goto("/");
  await setDesk(page, { style: "Linocut", prompt: "a rooster", count: 1 });
  await expect(page.getByRole("button", { name: "Generate" })).toHaveAttribute("aria-disabled", "false");
  await context.setOffline(true);
  await expect(page.getByText("You are offline.").first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Generate" })).toHaveAttribute("aria-disabled", "true");
  await context.setOffline(false);
  await expect(page.getByLabel("Prompt", { exact: true })).toHaveValue("a rooster");
  await generate(page);
  await expect(pictures(page)).toHaveCount(1);
});

/** Files as the desktop hands them to the page. */
const transferOf = (page: Page, files: Readonly<Record<string, Buffer>>) =>
  page.evaluateHandle((contents) => {
    const data = new DataTransfer();
    for (const [name, bytes] of contents) data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
    return data;
  }, Object.entries(files).map(([name, file]) => [name, [...file]] as const));

/** Drops files on the page, as from the desktop. */
const drop = async (page: Page, files: Readonly<Record<string, Buffer>>): Promise<void> => page.getByRole("main").dispatchEvent("drop", { dataTransfer: await transferOf(page, files) });

test("a downloaded picture that is dropped on the studio restores its settings and its references", async ({ page }) => {
  await page.goto("/");
  await setDesk(page, { style: "Paper cut", prompt: "a tulip", count: 1 });
  await page.getByRole("radio", { name: "Both: how it is drawn and what it shows" }).click();
  await generate(page);
  await expect(page.getByRole("figure").getByRole("img", { name: "a tulip, picture 1" })).toBeVisible();
  const arrives = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).first().click();
  const file = await readFile(await (await arrives).path());
  const seed = await page.getByLabel("Seed", { exact: true }).inputValue();
  const { data: [job] } = (await callApi("GET", "/jobs?limit=1")) as { data: { id: string; input: { references: { image: string }[] } }[] };

  await page.getByLabel("Prompt", { exact: true }).fill("something else");
  await page.getByRole("button", { name: "Draw another seed" }).click();
  await page.getByRole("button", { name: "Remove Paper cut" }).click();
  await page.getByRole("button", { name: "Add the style Clay" }).click();
  await drop(page, { "tulip.png": file });
  const dialog = page.getByRole("dialog", { name: "This picture was made here" });
  await expect(dialog).toContainText("a tulip");
  await expect(dialog.getByRole("img", { name: "Reference 1" })).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Restore everything" }).click();
  await expect(page.getByLabel("Prompt", { exact: true })).toHaveValue("a tulip");
  await expect(page.getByLabel("Seed", { exact: true })).toHaveValue(seed);
  await expect(page.getByRole("button", { name: "Unlock the seed" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Remove Clay" })).toHaveCount(0);
  await expect(page.getByRole("radio", { name: "Both: how it is drawn and what it shows" })).toBeChecked();
  await generate(page);
  const newest = async () => {
    const { data: [next] } = (await callApi("GET", "/jobs?limit=1")) as { data: { id: string; input: unknown; state: string }[] };
    // The first job had the very same request.
    return next?.id === job?.id ? undefined : next;
  };
  await expect.poll(newest).toMatchObject({ state: "succeeded", input: { prompt: "a tulip", seed: Number(seed), references: job?.input.references } });

  // Once the account has its reference no more, that is said, and the rest is restored.
  await callApi("DELETE", `/uploads/${job?.input.references[0]?.image ?? ""}`);
  await drop(page, { "tulip.png": file });
  await expect(dialog.getByText("1 of 1 was deleted since: add it yourself.")).toBeVisible();
  await dialog.getByRole("button", { name: "Restore settings" }).click();
  await expect(page.getByRole("button", { name: "Remove Reference 1" })).toHaveCount(0);
  await expect(page.getByLabel("Prompt", { exact: true })).toHaveValue("a tulip");
});

test("a picture that the account does not have restores its settings, says so, and leaves the references as they lie", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Add the style Clay" }).click();
  const image = await sendStarter("neon-guitar.png");
  const job = await makePictures({ references: [{ image }], prompt: "a guitar", seed: 11 });
  const file = Buffer.from(await (await fetch(job.outputs[0]?.url ?? "")).arrayBuffer());
  await callApi("DELETE", `/jobs/${job.id}`);
  await drop(page, { "guitar.png": file });
  const dialog = page.getByRole("dialog", { name: "This picture was made here" });
  await expect(dialog.getByText(/It is not in this account/)).toBeVisible();
  await dialog.getByRole("button", { name: "Restore settings" }).click();
  await expect(page.getByLabel("Prompt", { exact: true })).toHaveValue("a guitar");
  await expect(page.getByRole("button", { name: "Remove Clay" })).toBeVisible();
});

test("references come by drop, paste, file and from the gallery, each with its own weight and mode", async ({ page }) => {
  await emptyAccount();
  await makePictures({ prompt: "a key to be found" });
  await makePictures({ prompt: "a door" });
  await page.goto("/");
  await expect(page.getByRole("button", { name: "Add the style Clay" })).toBeVisible();
  await drop(page, { "rooster.png": await readFile(starterFile("linocut-rooster.png")), "guitar.png": await readFile(starterFile("neon-guitar.png")) });
  await expect(page.getByRole("button", { name: "Remove guitar.png" })).toBeVisible();
  await page.evaluate((clipboardData) => document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true })), await transferOf(page, { "castle.png": await readFile(starterFile("blueprint-castle.png")) }));
  await page.getByLabel("Reference files").setInputFiles(starterFile("watercolour-fox.png"));
  await page.getByRole("button", { name: "From your gallery" }).click();
  await page.getByRole("dialog").getByLabel("Search pictures").fill("FOUND key");
  await expect(page.getByRole("dialog").getByRole("img")).toHaveCount(1);
  await expectAccessible(page);
  await page.getByRole("dialog").getByRole("button", { name: "a key to be found" }).click();
  for (const name of ["rooster.png", "guitar.png", "castle.png", "watercolour-fox.png", "a key to be found"]) await expect(page.getByRole("button", { name: `Remove ${name}` })).toBeVisible();

  await page.getByRole("textbox", { name: "Weight of guitar.png, ×" }).fill("0.5");
  await page.getByRole("textbox", { name: "Weight of guitar.png, ×" }).press("Enter");
  await page.getByRole("radiogroup", { name: "What is taken of castle.png" }).getByRole("radio", { name: /^Content/ }).click();
  await page.getByLabel("Prompt", { exact: true }).fill("a kite");
  await page.getByRole("radio", { name: "1 picture" }).click();
  await page.getByRole("radio", { name: "Fast" }).click();
  await generate(page);
  await expect(page.getByRole("figure").getByRole("img", { name: "a kite, picture 1" })).toBeVisible();
  const { data } = (await callApi("GET", "/jobs?limit=1")) as { data: { input: { references: { weight: number; mode: string }[] } }[] };
  expect(data[0]?.input.references.map(({ weight, mode }) => [mode, weight])).toEqual([["style", 1], ["style", 0.5], ["content", 1], ["style", 1], ["style", 1]]);
});

/** The pixels of a canvas, RGB. */
const pixelsOf = async (canvas: Locator): Promise<Uint8Array> => {
  const png = await canvas.evaluate((element: HTMLCanvasElement) => element.toDataURL("image/png"));
  return sharp(Buffer.from(png.slice(png.indexOf(",") + 1), "base64")).removeAlpha().raw().toBuffer();
};

test("a crop and a fit are shown as the model sees them, go into the request, and come back with it", async ({ page }) => {
  const [width, height, side] = [300, 180, 64];
  const wide = await sharp(starterFile("blueprint-castle.png")).resize(width, height, { fit: "fill" }).removeAlpha().raw().toBuffer();
  await page.goto("/");
  await page.getByLabel("Reference files").setInputFiles({ name: "castle.png", mimeType: "image/png", buffer: await sharp(wide, { raw: { width, height, channels: 3 } }).png().toBuffer() });
  await page.getByRole("button", { name: "Crop and fit castle.png" }).click();
  await page.getByRole("group", { name: /The part that is used/ }).focus();
  for (let i = 0; i < 15; i++) await page.keyboard.press("Shift+ArrowLeft");
  for (let i = 0; i < 10; i++) await page.keyboard.press("ArrowRight");
  const seen = page.getByRole("img", { name: "As the model sees it" });
  await expect(seen).toHaveAttribute("width", String(side));
  // The worker's cut (from 0.2, 0.7 wide: pixels 60 to 270), then the model's own fitting; browsers reduce by a filter of their own.
  const part = await sharp(wide, { raw: { width, height, channels: 3 } }).extract({ left: 60, top: 0, width: 210, height }).raw().toBuffer();
  for (const [name, fit] of [["Stretch", "stretch"], ["Crop", "crop"], ["Pad", "pad"]] as const) {
    await page.getByRole("radio", { name }).click();
    const wanted = fitImage(hostImage(210, height, new Uint8Array(part)), side, side, fit).data;
    await expect.poll(async () => {
      const shown = await pixelsOf(seen);
      return wanted.reduce((sum, value, i) => sum + Math.abs(value - (shown[i] ?? 0)), 0) / wanted.length;
    }, fit).toBeLessThan(6);
  }
  await expectAccessible(page);
  await page.getByRole("button", { name: "Apply" }).click();

  await page.getByLabel("Prompt", { exact: true }).fill("a tree");
  await page.getByRole("radio", { name: "1 picture" }).click();
  await page.getByRole("radio", { name: "Fast" }).click();
  await generate(page);
  await page.getByRole("figure").getByRole("img", { name: "a tree, picture 1" }).click();
  const { data } = (await callApi("GET", "/jobs?limit=1")) as { data: { input: { references: { fit: string; crop: Record<string, number> }[] } }[] };
  const [reference] = data[0]?.input.references ?? [];
  expect(reference?.fit).toBe("pad");
  expect(Object.fromEntries(Object.entries(reference?.crop ?? {}).map(([name, share]) => [name, Number(share.toFixed(6))]))).toEqual({ x: 0.2, y: 0, width: 0.7, height: 1 });
  await page.getByRole("link", { name: "Remix" }).click();
  await page.getByRole("button", { name: "Crop and fit Reference 1" }).click();
  await expect(page.getByRole("radio", { name: "Pad" })).toBeChecked();
  await expect(page.getByRole("button", { name: "Whole picture" })).toBeEnabled();
});

test("every control of the studio has a name, numbers their unit, and a sentence that says what it does", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Add the style Clay" }).click();
  await page.getByRole("button", { name: "Negative prompt" }).click();
  await page.getByRole("button", { name: "Advanced" }).click();
  await expect(page.getByRole("slider", { name: /^Layer 1,/ })).toBeVisible();
  const controls = await page.getByRole("form", { name: "Controls" }).locator("input:not([type=file]), textarea, [role=slider], [role=combobox], [role=group], [role=radiogroup]").filter({ visible: true }).all();
  expect(controls.length).toBeGreaterThan(20);
  for (const control of controls) {
    await expect(control).toHaveAccessibleName(/\S/);
    if ((await control.getAttribute("inputmode")) === "decimal") await expect(control).toHaveAccessibleName(/, \S+$/);
    const layer = /^Layer/.test((await control.getAttribute("aria-label")) ?? "");
    // The bars of one group share its sentence.
    await expect(layer ? control.locator("xpath=ancestor::*[@role='group'][1]") : control).toHaveAccessibleDescription(/^[A-Z0-9“].* .*\.$/);
    if ((await control.getAttribute("role")) === "slider") await expect(control).toHaveAttribute("aria-valuetext", /\d \S/);
  }
});

test("a job says its place in the queue, then its steps with a preview, then shows its pictures", async ({ page }) => {
  const waiting = (await Promise.all(Array.from({ length: 24 }, () => callApi("POST", "/jobs", { input: { prompt: "a tree", count: 8, steps: 100 } })))) as { id: string }[];
  await page.goto("/");
  await setDesk(page, { style: "Neon sign", prompt: "a guitar", count: 8 });
  await setLong(page);
  await generate(page);
  await expect(page.getByText(/^Waiting: \d+ jobs? ahead/)).toBeVisible();
  await callApi("POST", "/jobs/cancel", { ids: waiting.map(({ id }) => id) });
  await expect(page.getByText(/step \d+ of 60/)).toBeVisible();
  await expect(page.getByRole("progressbar", { name: "Progress" })).toHaveAttribute("aria-valuenow", /\d+/);
  await expect(page.getByRole("img", { name: "Preview" })).toBeVisible();
  await expect(pictures(page)).toHaveCount(8);
  await expect(page.getByRole("img", { name: "Preview" })).toHaveCount(0);
});

test("sampling and gains, by bar and by name, go into the request", async ({ page }) => {
  await page.goto("/");
  await setDesk(page, { style: "Sticker", prompt: "a turtle", count: 1 });
  await page.getByRole("button", { name: "Advanced" }).click();
  await page.getByRole("combobox", { name: "Gains by name" }).click();
  await page.getByRole("option", { name: /^Fine/ }).click();
  await expect(page.getByRole("slider", { name: /Layer 8/ })).toHaveAttribute("aria-valuenow", "0");
  await page.getByRole("combobox", { name: "Gains by name" }).click();
  await page.getByRole("option", { name: /^Even|^Default/ }).click();
  await page.getByRole("slider", { name: /Layer 3/ }).focus();
  await page.keyboard.press("Home");
  await expect(page.getByText("3: 0 ×")).toBeVisible();
  await expect(page.getByRole("combobox", { name: "Gains by name" })).toContainText("Custom");
  await page.getByRole("combobox", { name: "Sampler" }).click();
  await page.getByRole("option", { name: /^Heun/ }).click();
  await page.getByRole("radio", { name: "Karras" }).click();
  for (const [name, value] of [["Steps, steps", "3"], ["Guidance, ×", "5.5"], ["Prompt guidance, ×", "2"]] as const) {
    await page.getByRole("textbox", { name, exact: true }).fill(value);
    await page.getByRole("textbox", { name, exact: true }).press("Enter");
  }
  await expect(page.getByText("Your own values, below under Advanced.")).toBeVisible();
  await expectAccessible(page);
  await generate(page);
  await expect(page.getByRole("figure").getByRole("img", { name: "a turtle, picture 1" })).toBeVisible();
  const { data } = (await callApi("GET", "/jobs?limit=1")) as { data: { input: { gains: number[] } }[] };
  expect(data[0]?.input).toMatchObject({ sampler: "heun", spacing: "karras", steps: 3, guidance: 5.5, prompt_guidance: 2 });
  expect(data[0]?.input.gains.map((gain, layer) => (gain === 1 ? null : layer)).filter((layer) => layer !== null)).toEqual([2]);
});
