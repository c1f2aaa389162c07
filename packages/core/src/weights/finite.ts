import { DeadiffError } from "../errors.ts";
import type { StoredDType } from "./dtype.ts";

/** A tensor with elements that are NaN or infinite. */
export type NotFinite = { name: string; count: number };

/** Counts the NaN and infinite elements of little-endian `bytes`, which start at a multiple of the element size. */
export function countNotFinite(dtype: StoredDType, bytes: Uint8Array): number {
  switch (dtype) {
    case "F16": return countSaturated(words16(bytes), 0x7c00, 1);
    case "BF16": return countSaturated(words16(bytes), 0x7f80, 1);
    case "F32": return countSaturated(words32(bytes), 0x7f800000, 1);
    case "F64": return countSaturated(words32(bytes).subarray(1), 0x7ff00000, 2); // the exponent is in the upper word
    case "I64": case "I32": case "I16": case "I8": case "U8": case "BOOL": return 0;
  }
}

const words16 = (bytes: Uint8Array): Uint16Array => new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
const words32 = (bytes: Uint8Array): Uint32Array => new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);

/** Counts the words, `step` apart, whose exponent bits are all ones. */
function countSaturated(words: Uint16Array | Uint32Array, exponent: number, step: number): number {
  let count = 0;
  for (let i = 0; i < words.length; i += step) if (((words[i] as number) & exponent) === exponent) count++;
  return count;
}

/** The error `weights_not_finite`, which names the tensors (at most 20 in the message, all of them in the context). */
export function weightsNotFinite(faults: readonly NotFinite[]): DeadiffError {
  const shown = faults.slice(0, 20).map(({ name, count }) => `${name} (${count})`).join(", ");
  const more = faults.length > 20 ? ` and ${faults.length - 20} more` : "";
  return new DeadiffError("weights_not_finite", `${faults.length} tensors hold NaN or infinite values: ${shown}${more}; the file is damaged or overflowed its type`, { context: { faults } });
}
