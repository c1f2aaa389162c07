import { afterEach, expect, test } from "vitest";
import type { GenerateRequest } from "../src/generate.ts";
import { createInference, type ChildOptions, type Inference } from "../src/inference/child.ts";

const lines: { event: string; fields: Record<string, unknown> | undefined }[] = [];
let inference: Inference | undefined;
const start = (change: Partial<ChildOptions> = {}): Inference => {
  lines.length = 0;
  inference = createInference({
    entry: new URL("./tiny-child.ts", import.meta.url), log: (_, event, fields) => lines.push({ event, fields }),
    rssMaxBytes: 4e9, jobsMax: 1000, abortGraceMs: 300, loadTimeoutMs: 60_000, ...change,
  });
  return inference;
};
afterEach(() => inference?.stop());

const request = (more: Partial<GenerateRequest> = {}): GenerateRequest => ({ kind: "picture", references: [], style: null, prompt: "a dog", negative_prompt: "", strength: 1, count: 1, seed: 7, ...more });
const never = new AbortController().signal;
const options = { signal: never, onProgress: () => undefined };
const pids = () => lines.filter(({ event }) => event === "model_loaded").map(({ fields }) => fields?.["pid"]);

test("a child past its memory limit ends with the jobs at hand, and the next job has a new one", async () => {
  const grown = start({ rssMaxBytes: 1 });
  // Both are at hand when the first one ends and finds the child too large.
  await Promise.all([grown.generate(request({ steps: 3 }), options), grown.generate(request({ steps: 20 }), options)]);
  expect(lines.filter(({ event }) => event === "inference_recycled")).toHaveLength(1);
  await grown.generate(request(), options);
  expect(new Set(pids()).size).toBeGreaterThan(1);
  expect(lines.some(({ event }) => event === "generation_failed")).toBe(false);
});

test("a child is replaced after so many jobs", async () => {
  const tired = start({ jobsMax: 2 });
  for (let job = 0; job < 4; job++) await tired.generate(request(), options);
  expect(lines.filter(({ event }) => event === "inference_recycled")).toHaveLength(2);
});

test("a child within its limits stays", async () => {
  const kept = start();
  for (let job = 0; job < 4; job++) await kept.generate(request(), options);
  expect(new Set(pids()).size).toBe(1);
});

test("a job that does not listen is killed, and its neighbours are told to try again; the model is loaded anew at once", async () => {
  const shared = start();
  await shared.warm();
  const controller = new AbortController();
  const deaf = shared.generate(request({ prompt: "deaf" }), { signal: controller.signal, onProgress: () => undefined });
  const neighbour = shared.generate(request({ steps: 100_000 }), options);
  controller.abort(new Error("cancelled"));
  const [a, b] = await Promise.allSettled([deaf, neighbour]);
  expect(a).toMatchObject({ status: "rejected", reason: { message: "cancelled" } });
  expect(b).toMatchObject({ status: "rejected", reason: { code: "worker_lost" } });
  await expect.poll(() => pids().length, { timeout: 30_000 }).toBe(2);
});
