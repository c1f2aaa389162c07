import { fileURLToPath } from "node:url";

/** The reference that is checked: DEADIFF_REFERENCE, or the one in the repository. */
export const referenceFolder = (): string => process.env["DEADIFF_REFERENCE"] ?? fileURLToPath(new URL("reference/deadiff-small", import.meta.url));

/** A tokenizer folder of the right form; the reference's text ids are given, so its words do not matter. */
export const tokenizerFixture = fileURLToPath(new URL("fixtures/tokenizer", import.meta.url));
