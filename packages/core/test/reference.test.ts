import { expect, test } from "vitest";
import { checkReference } from "./reference-check.ts";
import { referenceFolder, samplersFile, tokenizerFixture } from "./reference-folder.ts";
import { checkSamplers } from "./sampler-check.ts";

test("every stage and every gradient equals the authors' code, from the checkpoint on", { timeout: 300_000 }, async () => {
  const comparisons = await checkReference(referenceFolder(), { tokenizer: tokenizerFixture });
  expect(comparisons.length).toBeGreaterThan(100);
  expect(comparisons.filter(({ error, tolerance }) => !(error <= tolerance))).toEqual([]);
});

test("the schedule, both spacings and every sampler end where k-diffusion ends", async () => {
  const comparisons = await checkSamplers(samplersFile());
  expect(comparisons.length).toBe(1 + 2 * 3 * (1 + 6));
  expect(comparisons.filter(({ error, tolerance }) => !(error <= tolerance))).toEqual([]);
});
