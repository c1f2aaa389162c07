import { deadiffSpec, initialWeights, listParams, TINY } from "@deadiff/core";
import { inlineRuntime } from "@deadiff/core/ort";
import { expect, test } from "vitest";
import { openBaseModel } from "./base-model.ts";
import { ids } from "./data.ts";
import { redraw } from "./redraw.ts";

const [rows, side] = [2, 8];
const latents = Float32Array.from({ length: rows * TINY.unet.latentChannels * side ** 2 }, (_, i) => Math.sin(i));
const text = ids([rows, TINY.text.context], new Array<number>(rows * TINY.text.context).fill(1));
const c = { ...TINY, prediction: "x0" } as const;

test("a model that is right gives every picture back, from any noise", async () => {
  for (const sigma of [undefined, 0.2, 14]) {
    const drawn = await redraw(c, () => Promise.resolve(latents), latents, text, { seed: 1, step: 3, ...(sigma !== undefined && { sigma }) });
    expect(Math.max(...drawn.map((value, i) => Math.abs(value - (latents[i] ?? 0))))).toBeLessThan(1e-6);
  }
});

test("an untrained model's errors come back, the same for a seed and step, others for the next", async () => {
  const runtime = await inlineRuntime({ threads: 1 });
  const base = await openBaseModel(runtime, c, initialWeights(listParams(deadiffSpec(c)), 1), { rows, side });
  const [first, again, next] = await Promise.all([3, 3, 4].map((step) => redraw(c, base.predict, latents, text, { seed: 1, step })));
  await base.close();
  await runtime.close();
  expect(again).toEqual(first);
  expect(next).not.toEqual(first);
  expect(first).not.toEqual(latents);
  expect(first?.every(Number.isFinite)).toBe(true);
});
