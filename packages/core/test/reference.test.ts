import { expect, test } from "vitest";
import { checkReference } from "./reference-check.ts";
import { referenceFolder, tokenizerFixture } from "./reference-folder.ts";

test("every stage and every gradient equals the authors' code, from the checkpoint on", { timeout: 300_000 }, async () => {
  const comparisons = await checkReference(referenceFolder(), { tokenizer: tokenizerFixture });
  expect(comparisons.length).toBeGreaterThan(100);
  expect(comparisons.filter(({ error, tolerance }) => !(error <= tolerance))).toEqual([]);
});
