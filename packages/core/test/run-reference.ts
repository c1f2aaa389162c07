/** `npm run reference`: every reference tensor's error beside its tolerance; exits 1 past one. */
import { checkReference } from "./reference-check.ts";
import { referenceFolder, tokenizerFixture } from "./reference-folder.ts";

const comparisons = await checkReference(referenceFolder(), { tokenizer: tokenizerFixture, exact: true });
let failed = 0;
for (const { name, error, tolerance } of comparisons) {
  const ok = error <= tolerance;
  if (!ok) failed++;
  console.log(`${ok ? "ok  " : "FAIL"} ${error.toExponential(2).padStart(9)} (tolerance ${tolerance.toExponential(0)})  ${name}`);
}
console.log(`${comparisons.length - failed} of ${comparisons.length} tensors agree with the reference code`);
process.exitCode = failed === 0 ? 0 : 1;
