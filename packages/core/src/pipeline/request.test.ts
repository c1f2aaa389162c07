import { expect, test } from "vitest";
import { codeOf } from "../../test/io/code.ts";
import { hostImage } from "../image/host-image.ts";
import { MINI, SD15, TINY } from "../presets.ts";
import type { ModelFacts } from "./model.ts";
import { resolveRequest } from "./request.ts";
import type { StylizeInput } from "./request.ts";

const sd15: ModelFacts = { name: "sd15", version: "1", preset: "sd15", config: SD15, sizes: { default: 512, min: 256, max: 1024, multipleOf: 64 }, modes: ["style", "content", "both"] };
const resolve = (input: StylizeInput, model = sd15) => resolveRequest(input, model, () => 5n);
const codeFor = (input: unknown, model = sd15): Promise<string> => codeOf(() => resolve(input as StylizeInput, model));
const image = hostImage(1, 1, new Uint8Array(3));

test("an empty request is filled in from the preset", () => {
  expect(resolve({})).toEqual({
    references: [], prompt: "", negativePrompt: "", width: 512, height: 512, count: 1, steps: 20, sampler: "dpmpp_2m", spacing: "karras", eta: 0,
    guidance: 8, promptGuidance: 0, guidanceInterval: null, strength: 1, gains: Array.from({ length: 16 }, () => 1), seed: 5n, image: "off",
  });
  expect(resolve({ references: [{ image }] })).toMatchObject({ image: "on", references: [{ weight: 1, mode: "style", fit: "stretch" }] });
  expect(resolve({ sampler: "ddim", eta: 1 })).toMatchObject({ spacing: "normal", eta: 1 });
});

test("a model's own guidance interval holds where the request names none", () => {
  const mini = { ...sd15, preset: "mini" };
  expect(resolve({ guidance: 6 }, mini)).toMatchObject({ sampler: "euler_ancestral", guidance: 6, guidanceInterval: { from: 1, to: 1000 } });
  expect(resolve({ guidanceInterval: { from: 0, to: 1000 } }, mini).guidanceInterval).toEqual({ from: 0, to: 1000 });
});

test("the prompt is guided apart only where a reference acts", () => {
  const references = [{ image }];
  const guided = (input: StylizeInput): number => resolve(input).promptGuidance;
  expect([guided({ references }), guided({ references, promptGuidance: 3 })]).toEqual([0, 3]);
  expect([guided({ promptGuidance: 3 }), guided({ references, image: "off", promptGuidance: 3 }), guided({ image: "on", promptGuidance: 3 })]).toEqual([0, 0, 0]);
});

test("gains have names on sixteen layers, and are numbers on any", async () => {
  const on = (gains: readonly number[]): number[] => gains.flatMap((gain, i) => (gain === 1 ? [i] : []));
  expect(on(resolve({ gains: "instant_style" }).gains)).toEqual([7, 8, 9]);
  expect(on(resolve({ gains: "fine" }, { ...sd15, preset: "mini", config: MINI }).gains)).toEqual([0, 1, 13, 14, 15]);
  expect(on(resolve({ gains: "strong" }).gains)).toHaveLength(14);
  expect(await codeFor({ gains: [1, 2] })).toBe("gains_length");
  const tiny: ModelFacts = { ...sd15, config: TINY, sizes: { default: 64, min: 16, max: 64, multipleOf: 16 } };
  expect(await codeFor({ gains: "fine" }, tiny)).toBe("gains_preset");
  expect(resolve({ gains: [0, 1, 2, 0, 0, 0, 0] }, tiny).gains).toEqual([0, 1, 2, 0, 0, 0, 0]);
});

test("seeds keep every digit, and leave room for the seeds of all pictures", async () => {
  expect(resolve({ seed: "9223372036854775807" }).seed).toBe(2n ** 63n - 1n);
  expect(resolve({ seed: 12 }).seed).toBe(12n);
  expect(await codeFor({ seed: "9223372036854775807", count: 2 })).toBe("seed_range");
  expect(await codeFor({ seed: "-1" })).toBe("seed_range");
  expect(await codeFor({ seed: -1n })).toBe("seed_range");
});

test.each<[string, unknown]>([
  ["size_unsupported", { width: 500 }], ["size_unsupported", { height: 2048 }], ["size_unsupported", { width: 128 }],
  ["sampler_spacing", { sampler: "ddim", spacing: "karras" }], ["sampler_eta", { sampler: "euler", eta: 0.5 }],
  ["request_invalid", { steps: 0 }], ["request_invalid", { steps: 2.5 }], ["request_invalid", { guidance: NaN }], ["request_invalid", { guidance: Infinity }],
  ["request_invalid", { count: 65 }], ["request_invalid", { sampler: "magic" }], ["request_invalid", { unknown: 1 }], ["request_invalid", { strength: -1 }],
  ["request_invalid", { references: [{ image: { width: 2, height: 2, channels: 3, data: new Uint8Array(3) } }] }], ["request_invalid", { references: [{ image: "a.png" }] }],
  ["request_invalid", { references: [{}] }], ["request_invalid", { references: [{ image, weight: -1 }] }], ["request_invalid", { guidanceInterval: { from: 2, to: 1 } }],
  ["request_invalid", { prompt: "x".repeat(20_001) }], ["request_invalid", null],
])("%s: %o", async (code, input) => {
  expect(await codeFor(input)).toBe(code);
});

test("a mode that the model does not offer is refused", async () => {
  expect(await codeFor({ references: [{ image, mode: "both" }] }, { ...sd15, modes: ["style"] })).toBe("mode_unsupported");
});

test("a size that the networks cannot make is refused though the manifest offers it", async () => {
  expect(await codeFor({}, { ...sd15, sizes: { default: 520, min: 8, max: 1024, multipleOf: 8 } })).toBe("size_unsupported");
});
