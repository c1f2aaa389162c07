import { createHash, randomBytes } from "node:crypto";
import { completeUpload, createUpload, getJob, keepStyleCode, type Id, type Job, type ModelInfo, type Problem, type StoredRequest, type Style, type StyleCodeInfo } from "@deadiff/schemas";
import { encodeStyleCode } from "@deadiff/core";
import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { MODEL, newJob, tenant, useWorld, type Tenant } from "./world.ts";

const world = useWorld();

const picture = async ({ accountId }: Tenant): Promise<Id<"upload">> => {
  const { id } = await createUpload(world.db, accountId, { content_type: "image/png", bytes: 10, sha256: "0".repeat(64) });
  await completeUpload(world.db, accountId, id, { state: "ready", width: 8, height: 8 });
  return id;
};
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- each test says which answer it expects
const ask = async <T>({ key }: Tenant, method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<{ status: number; body: T }> => {
  const response = await world.call(method, path, { key, headers, ...(body === undefined ? {} : { body }) });
  return { status: response.status, body: (await response.json()) as T };
};
const keep = async (owner: Tenant, change: Record<string, unknown> = {}) =>
  (await ask<Style>(owner, "POST", "/v1/styles", { name: randomBytes(6).toString("hex"), references: [{ image: await picture(owner) }], ...change })).body;
const codeFile = (encoder: string) => encodeStyleCode({ kind: "style-code", encoder, queries: 1, width: 2, tokens: { style: Float32Array.of(1, 2) } });

test("a style is renamed and tagged without a new version, found by words, tags and owner, and a page at a time", async () => {
  const owner = await tenant(world.db);
  const style = await keep(owner, { name: "ink on paper", tags: ["ink"] });
  for (let i = 0; i < 4; i++) await keep(owner);
  const renamed = await ask<Style>(owner, "PATCH", `/v1/styles/${style.id}`, { name: "Ink", tags: ["ink", "dark"] });
  expect(renamed.body).toMatchObject({ version: 1, name: "Ink", tags: ["ink", "dark"], references: style.references });
  expect(renamed.body.preview_url).toMatch(/^http/);
  const found = async (query: string) => (await ask<{ data: Style[] }>(owner, "GET", `/v1/styles?${query}`)).body.data.map(({ id }) => id);
  expect(await found("search=DARK")).toEqual([style.id]);
  expect(await found("search=ink&tag=dark&owned=true")).toEqual([style.id]);
  expect(await found("tag=dar")).toEqual([]);
  expect(await found("owned=false")).toEqual([]);
  const seen: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: { data: Style[]; next_cursor: string | null } = (await ask<{ data: Style[]; next_cursor: string | null }>(owner, "GET", `/v1/styles?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`)).body;
    seen.push(...page.data.map(({ id }) => id));
    cursor = page.next_cursor;
  }
  expect(new Set(seen).size).toBe(5);
  expect(seen).toHaveLength(5);
  const changed = await ask<Style>(owner, "PATCH", `/v1/styles/${style.id}`, { references: [{ image: await picture(owner), weight: 2 }] });
  expect(changed.body.version).toBe(2);
});

test("a blend's weights add up to one, whatever the styles' own weights were", async () => {
  const owner = await tenant(world.db);
  const a = await keep(owner, { references: [{ image: await picture(owner), weight: 3 }, { image: await picture(owner), weight: 1 }] });
  const b = await keep(owner);
  const blend = await ask<Style>(owner, "POST", "/v1/styles/blend", { name: "mix", styles: [{ style: a.id, weight: 0.25 }, { style: b.id, weight: 0.75 }] });
  expect(blend.status).toBe(201);
  expect(blend.body.references.map(({ weight }) => weight)).toEqual([0.1875, 0.0625, 0.75]);
  const end = await ask<Style>(owner, "POST", "/v1/styles/blend", { name: "end", styles: [{ style: a.id, weight: 0 }, { style: b.id, weight: 1 }] });
  expect(end.body.references).toEqual(b.references);
  for (const styles of [[{ style: a.id }], [{ style: a.id }, { style: a.id }], [{ style: a.id, weight: 0 }, { style: b.id, weight: 0 }], [{ style: a.id }, { style: "sty_00000000000000000000000000" }]]) {
    expect((await ask<Problem>(owner, "POST", "/v1/styles/blend", { name: "no", styles })).status).toBe(422);
  }
});

test("references of every kind end in the job as what they were at that moment", async () => {
  const owner = await tenant(world.db);
  const [image, other] = [await picture(owner), await picture(owner)];
  const [a, b] = [await keep(owner, { references: [{ image, mode: "content" }] }), await keep(owner, { references: [{ image: other }] })];
  const code = await keepStyleCode(world.db, owner.accountId, null, { encoder: MODEL.encoder, sha256: "0".repeat(64), bytes: 1, data: "AA==" });
  const references = [{ image, mode: "both", weight: 0.5 }, { url: "https://example.com/a.png" }, { style: a.id, weight: 2 }, { blend: [{ style: a.id, weight: 1 }, { style: b.id, weight: 3 }], mode: "style" }, { code }];
  const job = await newJob(world, owner.key, { input: { references, prompt: "a dog" } });
  await ask(owner, "PATCH", `/v1/styles/${a.id}`, { references: [{ image: other }] });
  const { request } = await getJob(world.db, owner.accountId, job.id);
  expect(request?.references).toEqual([
    { image, mode: "both", weight: 0.5, fit: "stretch" },
    { url: "https://example.com/a.png", mode: "style", weight: 1, fit: "stretch" },
    { styles: [{ id: a.id, version: 1, weight: 1 }], members: [{ image, mode: "content", weight: 1, fit: "stretch" }], weight: 2, mode: "content" },
    {
      styles: [{ id: a.id, version: 1, weight: 1 }, { id: b.id, version: 1, weight: 3 }],
      members: [{ image, mode: "content", weight: 0.25, fit: "stretch" }, { image: other, mode: "style", weight: 0.75, fit: "stretch" }],
      weight: 1,
      mode: "style",
    },
    { code, weight: 1, mode: "style" },
  ] satisfies StoredRequest["references"]);
  expect(request?.style).toBeNull();
  expect((await ask(owner, "POST", "/v1/jobs", { input: { prompt: "a dog" } })).status).toBe(202);
  for (const input of [{}, { prompt: "  " }, { references: [] }, { style: a.id, references: [{ image }] }, { references: [{ code: "cod_00000000000000000000000000" }] }, { references: [{ image, url: "https://example.com/a.png" }] }]) {
    expect((await ask(owner, "POST", "/v1/jobs", { input })).status).toBe(422);
  }
});

test("a style's code is computed by one free job, found from then on, and made anew for a new version", async () => {
  const owner = await tenant(world.db, { credits: 0 });
  const style = await keep(owner);
  const first = await ask<StyleCodeInfo>(owner, "POST", `/v1/styles/${style.id}/code`);
  expect(first).toMatchObject({ status: 202, body: { state: "computing", style: style.id, style_version: 1, encoder: MODEL.encoder } });
  const again = await ask<StyleCodeInfo>(owner, "POST", `/v1/styles/${style.id}/code`);
  expect(again.body.job).toBe(first.body.job);
  const job = (await ask<Job>(owner, "GET", `/v1/jobs/${String(first.body.job)}`)).body;
  expect(job).toMatchObject({ kind: "style_code", charge: { credits: 0 }, input: { style: { id: style.id, version: 1 } } });
  const file = await codeFile(MODEL.encoder);
  await keepStyleCode(world.db, owner.accountId, { style: style.id, version: 1 }, { encoder: MODEL.encoder, sha256: createHash("sha256").update(file).digest("hex"), bytes: file.length, data: Buffer.from(file).toString("base64") });
  const ready = await ask<StyleCodeInfo>(owner, "POST", `/v1/styles/${style.id}/code`);
  expect(ready).toMatchObject({ status: 200, body: { state: "ready", bytes: file.length, text: Buffer.from(file).toString("base64") } });
  await ask(owner, "PATCH", `/v1/styles/${style.id}`, { references: [{ image: await picture(owner) }] });
  expect((await ask<StyleCodeInfo>(owner, "POST", `/v1/styles/${style.id}/code`)).body).toMatchObject({ state: "computing", style_version: 2 });
  const failing = (await ask<StyleCodeInfo>(owner, "POST", `/v1/styles/${style.id}/code`)).body.job;
  const waiting = ask<StyleCodeInfo>(owner, "POST", `/v1/styles/${style.id}/code`, undefined, { prefer: "wait=20" });
  await ask(owner, "POST", `/v1/jobs/${String(failing)}/cancel`, {});
  const failed = (await waiting).body;
  // Asked before or after the cancel: the job that ended tells why, or a new one computes it.
  expect(failed.state === "failed" ? failed.error : failed.state).toMatch(/canceled|computing/);
});

test("a copied code becomes a style elsewhere; one of another encoder, a damaged one and no code at all are refused with the reason", async () => {
  const [sender, receiver] = [await tenant(world.db), await tenant(world.db)];
  const text = Buffer.from(await codeFile(MODEL.encoder)).toString("base64");
  const style = await ask<Style>(receiver, "POST", "/v1/styles/import", { name: "sent", tags: ["gift"], code: `${text.slice(0, 40)}\n${text.slice(40)}` });
  expect(style).toMatchObject({ status: 201, body: { name: "sent", references: [{ mode: "style" }], preview_url: null } });
  const [reference] = style.body.references;
  expect((await ask(receiver, "POST", "/v1/jobs", { input: { style: style.body.id, prompt: "x" } })).status).toBe(202);
  expect((await ask(sender, "POST", "/v1/jobs", { input: { references: [reference], prompt: "x" } })).status).toBe(422);
  const foreign = await ask<Problem>(receiver, "POST", "/v1/styles/import", { name: "foreign", code: Buffer.from(await codeFile("b".repeat(64))).toString("base64") });
  expect(foreign).toMatchObject({ status: 422, body: { detail: "The style code was made by encoder bbbbbbbbbbbb, the model tiny 1 has encoder aaaaaaaaaaaa: make the code again from its picture." } });
  for (const code of ["x", "%%%", text.slice(0, 100), Buffer.from("hello").toString("base64"), "A".repeat(130_000)]) {
    expect((await ask<Problem>(receiver, "POST", "/v1/styles/import", { name: "bad", code })).body.code).toMatch(/invalid_input|too_large/);
  }
  expect((await ask<{ data: Style[] }>(receiver, "GET", "/v1/styles")).body.data).toHaveLength(1);
});

test("the model says its words, presets and limits; before any worker spoke the answer is to come back", async () => {
  const owner = await tenant(world.db);
  expect((await ask<ModelInfo & { limits: Record<string, number> }>(owner, "GET", "/v1/model")).body).toMatchObject({ ...MODEL, object: "model", available: true, limits: { imagesPerJob: 8 } });
  await world.db.execute(sql`update models set seen_at = now() - interval '1 hour'`);
  expect((await ask<ModelInfo>(owner, "GET", "/v1/model")).body.available).toBe(false);
  await world.db.execute(sql`delete from models`);
  const response = await world.call("GET", "/v1/model", { key: owner.key });
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "3"]);
});

test("what is wrong with a reference is said of the kind of reference that was meant", async () => {
  const owner = await tenant(world.db);
  const refusal = async (reference: unknown) => (await ask<Problem>(owner, "POST", "/v1/jobs", { input: { references: [reference] } })).body.issues?.[0];
  const image = "img_00000000000000000000000000";
  expect(await refusal({ image, weight: 9 })).toMatchObject({ path: "input.references.0.weight" });
  expect(await refusal({ image, mode: "loud" })).toMatchObject({ path: "input.references.0.mode" });
  expect(await refusal({ url: "http://example.com/a.png" })).toMatchObject({ path: "input.references.0.url" });
});
