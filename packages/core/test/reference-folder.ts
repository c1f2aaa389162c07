import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const shipped = fileURLToPath(new URL("reference", import.meta.url));

/** The reference that is checked: DEADIFF_REFERENCE, or the one in the repository. */
export const referenceFolder = (): string => process.env["DEADIFF_REFERENCE"] ?? join(shipped, "deadiff-small");

/** The samplers' results, which need no network: beside the reference, or the repository's. */
export function samplersFile(): string {
  const beside = join(dirname(referenceFolder()), "samplers.safetensors");
  return existsSync(beside) ? beside : join(shipped, "samplers.safetensors");
}

/**
 * CLIP's vocabulary with expected ids, or null: it is its users' to bring, and is looked for beside the repository or
 * where DEADIFF_TOKENIZER says.
 */
export function clipTokenizerFolder(): string | null {
  const folder = process.env["DEADIFF_TOKENIZER"] ?? fileURLToPath(new URL("../../../../shared/tokenizer", import.meta.url));
  return existsSync(join(folder, "expected.json")) ? folder : null;
}

/** A tokenizer folder of the right form; the reference's text ids are given, so its words do not matter. */
export const tokenizerFixture = fileURLToPath(new URL("fixtures/tokenizer", import.meta.url));
