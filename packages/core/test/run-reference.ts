/** `npm run reference`: every reference tensor's error beside its tolerance; exits 1 past one. */
import type { Comparison } from "./comparison.ts";
import { checkReference } from "./reference-check.ts";
import { clipTokenizerFolder, referenceFolder, samplersFile, tokenizerFixture } from "./reference-folder.ts";
import { LONG } from "./reference-stages.ts";
import { checkSamplers } from "./sampler-check.ts";
import { checkTokenIds } from "./token-check.ts";

const tokens = clipTokenizerFolder();
const parts: [string, Comparison[]][] = [
  ["samplers", await checkSamplers(samplersFile())],
  ["token ids", tokens === null ? [] : await checkTokenIds(tokens)],
  ["networks and gradients", await checkReference(referenceFolder(), { tokenizer: tokenizerFixture, exact: true })],
];
let failed = 0;
for (const [part, comparisons] of parts) {
  const wrong = comparisons.filter(({ error, tolerance }) => !(error <= tolerance));
  for (const comparison of comparisons) {
    const { name, error, tolerance } = comparison;
    console.log(`${wrong.includes(comparison) ? "FAIL" : "ok  "} ${error.toExponential(2).padStart(9)} (tolerance ${tolerance.toExponential(0)})  ${name}`);
  }
  const wider = comparisons.filter(({ tolerance }) => tolerance > LONG).length;
  console.log(`${part}: ${comparisons.length - wrong.length} of ${comparisons.length} agree with the reference${wider === 0 ? "" : `; ${wider} gradients have a wider tolerance, since rounding alone moves them by a quarter of it`}`);
  failed += wrong.length;
}
if (tokens === null) console.log("token ids: not compared, CLIP's vocabulary is not here (set DEADIFF_TOKENIZER to its folder)");
process.exitCode = failed === 0 ? 0 : 1;
