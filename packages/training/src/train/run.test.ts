import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TINY } from "@deadiff/core";
import { inlineRuntime } from "@deadiff/core/ort";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decoderObjective } from "../stages/decoder.ts";
import { startState } from "./initialise.ts";
import { batchOf, runOf } from "./replicas.script.ts";
import { train } from "./run.ts";

let folder: string;
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), "deadiff-run-")); });
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a run that is taken up trains on what it has learnt, over the frozen weights of now", { timeout: 120_000 }, async () => {
  const objective = decoderObjective(TINY, 2, 32);
  const batches = (from: number) => ({ next: () => Promise.resolve(batchOf(objective, from++)), close: () => Promise.resolve() });
  const runtime = await inlineRuntime({ threads: 1 });
  const runUntil = (steps: number, from: number) => train(runtime, { ...runOf(join(folder, "decoder"), steps, 1), objective, batches, initial: startState(objective, from).weights, log: () => undefined });
  const first = await runUntil(2, 1);
  const second = await runUntil(3, 2);
  await runtime.close();
  const [before, after] = [startState(objective, 1).weights, startState(objective, 2).weights];
  const random = (name: string): boolean => !(before.get(name) ?? []).every((x, i) => x === after.get(name)?.[i]);
  const names = objective.parameters.map(({ name }) => name).filter(random);
  const [trained, frozen] = [names.filter((name) => objective.trained.has(name)), names.filter((name) => !objective.trained.has(name))];
  expect([trained.length > 0, frozen.length > 0]).toEqual([true, true]);
  for (const name of frozen) expect([first.weights.get(name), second.weights.get(name)], name).toEqual([before.get(name), after.get(name)]);
  // One step of 1e-3 apart, where the two beginnings are far from each other.
  const distance = (a: ReadonlyMap<string, Float32Array>, b: ReadonlyMap<string, Float32Array>): number => Math.max(...trained.flatMap((name) => [...(a.get(name) ?? [])].map((x, i) => Math.abs(x - (b.get(name)?.[i] ?? NaN)))));
  expect(distance(first.weights, second.weights)).toBeLessThan(3e-3);
  expect(distance(second.weights, after)).toBeGreaterThan(0.01);
});
