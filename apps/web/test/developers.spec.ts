import { verifyWebhook } from "@deadiff/client";
import { callApi, expect, expectAccessible, generate, setDesk, test } from "./fixtures.ts";
import { clientWith, makePictures } from "./made.ts";
import { open } from "./open.ts";
import { RECEIVER, startReceiver } from "./receiver.ts";

test("a key that is made here calls the API, and what it makes shows up in the gallery", async ({ page, context }) => {
  const gallery = await context.newPage();
  await open(gallery, "/gallery?search=submarine");
  await open(page, "/developers");
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("print shop");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Make the key" }).click();
  const secret = await page.getByRole("textbox", { name: "The secret" }).inputValue();
  expect(secret).toMatch(/^dd_live_/);
  await page.getByRole("button", { name: "I have kept it" }).click();
  await expect(page.getByText("print shop")).toBeVisible();
  await expect(page.getByText(secret)).toHaveCount(0);
  await expectAccessible(page);

  await clientWith(secret).run({ input: { prompt: "a yellow submarine", steps: 4 } });
  await expect(gallery.getByRole("link", { name: "a yellow submarine" })).toBeVisible();

  await page.getByRole("button", { name: "Actions for print shop" }).click();
  await page.getByRole("menuitem", { name: "Revoke at once" }).click();
  await page.getByRole("button", { name: "Revoke the key" }).click();
  await expect(page.getByRole("listitem").filter({ hasText: "print shop" }).getByText("revoked")).toBeVisible();
  await expect(clientWith(secret).api.jobs.list.query({ limit: 1 })).rejects.toThrow();
});

test("an endpoint's deliveries are listed with every try; what waits is tried again by itself", async ({ page }) => {
  await open(page, "/developers?tab=webhooks");
  await page.getByRole("button", { name: "New endpoint" }).click();
  await page.getByRole("textbox", { name: "Address" }).fill("https://hooks.example.invalid/deadiff");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Add and ping" }).click();
  await expect(page.getByRole("textbox", { name: "The secret" })).toHaveValue(/^whsec_/);
  await page.getByRole("button", { name: "I have kept it" }).click();
  const log = page.getByRole("list", { name: "Deliveries" });
  await log.getByRole("button", { name: /endpoint\.ping/ }).first().click();
  await expect(log.getByText("Try 1")).toBeVisible();
  await expectAccessible(page);
  // What waits to be tried again needs no hand.
  await expect(log.getByRole("button", { name: "Send again" })).toBeDisabled();
  await expect(log.getByText("Try 2")).toBeVisible();

  await page.getByRole("button", { name: /Actions for/ }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete the endpoint" }).click();
  await expect(page.getByRole("heading", { name: "No endpoints yet" })).toBeVisible();
});

test("a message that arrived is in the log with its answer, and is sent again when asked: same id, same bytes", async ({ page }) => {
  const receiver = await startReceiver();
  try {
    await open(page, "/developers?tab=webhooks");
    await page.getByRole("button", { name: "New endpoint" }).click();
    await page.getByRole("textbox", { name: "Address" }).fill(RECEIVER.url);
    await page.getByRole("button", { name: "Add and ping" }).click();
    const secret = await page.getByRole("textbox", { name: "The secret" }).inputValue();
    await page.getByRole("button", { name: "I have kept it" }).click();
    const log = page.getByRole("list", { name: "Deliveries" });
    await expect(log.getByRole("button", { name: /delivered endpoint\.ping/ }).first()).toBeVisible();
    expect(receiver.received).toHaveLength(1);

    const delivered = log.getByRole("button", { name: /delivered job\.succeeded/ });
    const before = await delivered.count();
    const job = await makePictures({ prompt: "a bell" });
    const heard = () => receiver.received.filter(({ body }) => body.includes(job.id));
    await expect.poll(() => heard().length).toBe(1);
    await expect(delivered).toHaveCount(before + 1);
    await delivered.first().click();
    await expect(log.getByText("thank you")).toBeVisible();
    await expect(log.getByText(job.id)).toBeVisible();
    await expectAccessible(page);
    await log.getByRole("button", { name: "Send again" }).click();
    await expect(log.getByText("Try 2")).toBeVisible();
    await expect.poll(() => heard().length).toBe(2);
    const [first, second] = heard();
    expect(second).toMatchObject({ id: first?.id, body: first?.body });
    for (const message of heard()) expect(await verifyWebhook(message.body, message.headers, [secret])).toMatchObject({ type: "job.succeeded", data: { id: job.id } });

    // What programs cause comes into the list by itself, whichever part of it is shown.
    await page.getByRole("combobox", { name: "State" }).click();
    await page.getByRole("option", { name: "Delivered" }).click();
    await expect(delivered).toHaveCount(before + 1);
    await makePictures({ prompt: "a second bell" });
    await expect(delivered).toHaveCount(before + 2);

    receiver.answer.status = 500;
    await page.getByRole("button", { name: `Actions for ${RECEIVER.url}` }).click();
    await page.getByRole("menuitem", { name: "Send a ping" }).click();
    await page.getByRole("combobox", { name: "State" }).click();
    await page.getByRole("option", { name: "Pending" }).click();
    await log.getByRole("button", { name: /pending endpoint\.ping/ }).click();
    await expect(log.getByText("not now").first()).toBeVisible();
  } finally {
    const { data } = (await callApi("GET", "/webhook-endpoints")) as { data: { id: string }[] };
    for (const { id } of data) await callApi("DELETE", `/webhook-endpoints/${id}`);
    await receiver.stop();
  }
});

test("the console shows what the studio just did: for curl, as HTTP and in TypeScript", async ({ page }) => {
  await open(page, "/");
  await setDesk(page, { style: "Clay", prompt: "it's a strawberry", count: 1 });
  await generate(page);
  await expect(page.getByRole("figure").getByRole("img", { name: /it's a strawberry/ })).toBeVisible();
  await open(page, "/developers?tab=console");
  await page.getByRole("button", { name: /jobs\.create/ }).first().click();
  await expect(page.getByRole("group", { name: "curl" })).toContainText("/v1/jobs");
  await expect(page.getByRole("group", { name: "curl" })).toContainText("it'\\''s a strawberry");
  await expectAccessible(page);
  await page.getByRole("tab", { name: "REST" }).click();
  await expect(page.getByRole("group", { name: "HTTP request" })).toContainText("POST /v1/jobs HTTP/1.1");
  await page.getByRole("tab", { name: "TypeScript" }).click();
  await expect(page.getByRole("group", { name: "TypeScript" })).toContainText("client.run({");
});

test("usage and the reference are readable, and the reference is searched", async ({ page }) => {
  await open(page, "/developers?tab=usage");
  await expect(page.getByText("Credits left", { exact: true })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("tab", { name: "API reference" }).click();
  const create = page.getByRole("article").filter({ has: page.getByRole("heading", { name: "Queue a job" }) });
  await expect(create.getByRole("group", { name: "Example" })).toContainText('"prompt": "a lighthouse"');
  await expectAccessible(page);
  await page.getByLabel("Search calls").fill("webhook");
  await expect(page.getByRole("heading", { name: "Queue a job" })).toBeHidden();
  await expect(page.getByRole("heading", { name: "List webhook endpoints" })).toBeVisible();
});
