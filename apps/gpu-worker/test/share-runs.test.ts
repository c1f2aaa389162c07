import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { rowRunner, type Model } from "@deadiff/core";
import { openModel, writeRandomBundle } from "@deadiff/core/node";
import { inlineRuntime } from "@deadiff/core/ort";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GenerateRequest } from "../src/generate.ts";
import { createScheduler } from "../src/inference/batch/scheduler.ts";
import { now, shareRuns } from "../src/inference/batch/share-runs.ts";
import { stylizeWith } from "../src/inference/stylize.ts";

let folder: string;
let runtime: Awaited<ReturnType<typeof inlineRuntime>>;
let model: Model;
let png: Uint8Array;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "deadiff-share-"));
  await writeRandomBundle(join(folder, "tiny"), { size: 32 });
  runtime = await inlineRuntime({ threads: 1 });
  model = await openModel(join(folder, "tiny"), runtime);
  png = await sharp({ create: { width: 16, height: 16, channels: 3, background: "teal" } }).png().toBuffer();
});
afterAll(async () => {
  await runtime.close();
  await rm(folder, { recursive: true, force: true });
});

const request = (more: Partial<GenerateRequest>): GenerateRequest => ({
  kind: "picture", references: [{ png, weight: 1, mode: "style", fit: "crop" }], style: null, prompt: "a red cat", negative_prompt: "", strength: 1, count: 1, seed: 7, ...more,
});
const jobs = (): [GenerateRequest, ...GenerateRequest[]] => [
  request({ steps: 9 }),
  request({ steps: 4, sampler: "euler_ancestral", seed: 8, prompt: "a blue dog", prompt_guidance: 2 }),
  request({ steps: 5, sampler: "heun", guidance: 1, count: 2 }),
  request({ steps: 6, sampler: "ddim", guidance: 3, references: [], negative_prompt: "noise" }),
  request({ steps: 3, width: 64, height: 32 }),
];
const options = { signal: new AbortController().signal, onProgress: () => undefined };
/** A device that gains much by rows, so that they are shared as far as they can be. */
const eager = [1, 2, 4, 8, 16].map((rows) => ({ rows, ms: 10 + rows / 10 }));

test("a picture is the same to the bit whatever jobs it shared its runs with: other steps, solvers, guidance, sizes, without references", async () => {
  const all = jobs();
  const alone = [];
  for (const one of all) alone.push((await stylizeWith(model)(one, options)).images.map((image) => Buffer.from(image).toString("base64")));
  const batches: { rows: number; jobs: number }[] = [];
  const scheduler = createScheduler({ runner: rowRunner(model), times: eager, now, turn: () => turn(), onBatch: (batch) => batches.push(batch) });
  const shared = await Promise.all(all.map((one) => stylizeWith(model, scheduler)(one, options)));
  expect(shared.map(({ images }) => images.map((image) => Buffer.from(image).toString("base64")))).toEqual(alone);
  expect(Math.max(...batches.map(({ jobs }) => jobs))).toBeGreaterThan(2);
  expect(runtime.keptBytes()).toBe(0);
});

test("one job that is cancelled, and one whose request is bad, leave the others their pictures", async () => {
  const [good] = jobs();
  const expected = (await stylizeWith(model)(good, options)).images.map((image) => Buffer.from(image).toString("base64"));
  const scheduler = createScheduler({ runner: rowRunner(model), times: eager, now, turn: () => turn() });
  const controller = new AbortController();
  const generate = stylizeWith(model, scheduler);
  const [made, cancelled, refused] = await Promise.allSettled([
    generate(good, options),
    generate({ ...good, steps: 100 }, { signal: controller.signal, onProgress: ({ step }) => step === 2 && controller.abort(new Error("enough")) }),
    generate({ ...good, gains: "no_such" }, options),
  ]);
  expect(made.status === "fulfilled" && made.value.images.map((image) => Buffer.from(image).toString("base64"))).toEqual(expected);
  expect(cancelled).toMatchObject({ status: "rejected", reason: { message: "enough" } });
  expect(refused).toMatchObject({ status: "rejected", reason: { code: "unsupported_parameter" } });
  expect(runtime.keptBytes()).toBe(0);
});

test("a scheduler measures the device that it is to share, and makes pictures", async () => {
  const scheduler = await shareRuns(model);
  expect((await stylizeWith(model, scheduler)(request({ steps: 2 }), options)).images).toHaveLength(1);
  expect(runtime.keptBytes()).toBe(0);
});
