import { expect, test } from "vitest";
import { deadiffSpec } from "./models/deadiff.ts";
import { listParams } from "./models/params.ts";
import { SD15 } from "./presets.ts";

/** Parameters of the SD 1.5 preset whose names begin so. */
const count = (pattern: RegExp): number => listParams(deadiffSpec(SD15))
  .filter(({ name }) => pattern.test(name)).reduce((sum, { spec: { shape } }) => sum + shape.reduce((n, d) => n * d, 1), 0);

test("the SD 1.5 preset has exactly the parameters of the public weights", () => {
  expect(count(/^(unet|context\.\d+\.text[KV])\./)).toBe(859_520_964);
  expect(count(/^context\.\d+\.image[KV]\./)).toBe(19_169_280);
  expect(count(/^vae\.decoder\./)).toBe(49_490_199);
  expect(count(/^vae\.encoder\./)).toBe(34_163_664);
  expect(count(/^text\./)).toBe(123_060_480);
});
