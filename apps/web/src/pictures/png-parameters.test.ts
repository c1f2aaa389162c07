import { hostImage } from "@deadiff/core";
import { encodePng } from "@deadiff/core/node";
import { expect, test } from "vitest";
import { readParameters } from "./png-parameters";
import { readType } from "./read-type";

const image = hostImage(2, 2, new Uint8Array(12));
const parameters = {
  format: "deadiff-parameters", formatVersion: 1, model: { name: "mini", version: "1" },
  references: [{ kind: "image", sha256: "ab".repeat(32), width: 8, height: 8, weight: 0.5, mode: "both", fit: "pad" }],
  prompt: "a “dog” 🐶", negativePrompt: "", width: 128, height: 128, count: 1, steps: 20, sampler: "dpmpp_2m", spacing: "normal",
  eta: 0, guidance: 4, promptGuidance: 2, guidanceInterval: null, strength: 0.8, gains: [1, 0.5], seed: "4294967295", image: "on",
};

const read = async (value: unknown) => readParameters(new Blob([await encodePng(image, value)]));

test("the parameters that the model wrote into a PNG are read in the browser", async () => {
  expect(await read(parameters)).toEqual({
    prompt: "a “dog” 🐶", negativePrompt: "", strength: 0.8, seed: 4294967295, sampler: "dpmpp_2m", spacing: "normal", steps: 20, guidance: 4, promptGuidance: 2,
    gains: [1, 0.5], model: "mini@1", references: [{ sha256: "ab".repeat(32), weight: 0.5, mode: "both", fit: "pad" }],
  });
});

test("values that no studio made are refused as a whole", async () => {
  for (const change of [{ steps: "many" }, { seed: "-1" }, { seed: "9223372036854775807" }, { gains: [1, -5] }, { guidance: 1e9 }, { prompt: 7 }, { format: "other" }]) {
    expect(await read({ ...parameters, ...change })).toBeUndefined();
  }
});

test("files without parameters, cut short or of another kind are no error", async () => {
  const whole = await encodePng(image, parameters);
  for (const bytes of [await encodePng(image), whole.slice(0, 60), whole.slice(0, 9), new Uint8Array(0), new TextEncoder().encode("GIF89a")]) {
    expect(await readParameters(new Blob([bytes]))).toBeUndefined();
  }
});

test("a file's type is read from its bytes, not from its name", async () => {
  expect(readType(await encodePng(image))).toBe("image/png");
  expect(readType(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0))).toBe("image/jpeg");
  expect(readType(new TextEncoder().encode("RIFF1234WEBPVP8 "))).toBe("image/webp");
  expect(readType(new TextEncoder().encode("<svg></svg>"))).toBeUndefined();
});
