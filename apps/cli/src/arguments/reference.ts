import type { Reference, StylizeInput } from "@deadiff/core";
import { decodeStyleCode } from "@deadiff/core";
import { decodeImage } from "@deadiff/core/node";
import { looksLikeStyleCode, readSmallFile } from "../files.ts";

/** A reference as the command line names it. */
export type ReferenceArgument = { file: string; weight?: number; mode?: Reference["mode"] };

/** `FILE[:weight[:mode]]`, also `FILE:mode`. A file whose name ends like that is written with the weight after it. */
const pattern = /^(?<file>.+?)(?::(?<weight>\d+(?:\.\d+)?|\.\d+))?(?::(?<mode>style|content|both))?$/u;

/** Reads one `--reference`. */
export function parseReference(text: string): ReferenceArgument {
  const { file = text, weight, mode } = pattern.exec(text)?.groups ?? {};
  return { file, ...(weight !== undefined && { weight: Number(weight) }), ...(mode !== undefined && { mode: mode as Reference["mode"] }) };
}

/** Loads a reference: a picture, or a style code made by `deadiff style`. The codes are those of `decodeImage` and `decodeStyleCode`. */
export async function loadReference({ file, ...influence }: ReferenceArgument, fit: "stretch" | "crop" | "pad", cwd: string): Promise<NonNullable<StylizeInput["references"]>[number]> {
  const bytes = await readSmallFile(cwd, file);
  return looksLikeStyleCode(bytes) ? { code: await decodeStyleCode(bytes), ...influence } : { image: await decodeImage(bytes), fit, ...influence };
}
