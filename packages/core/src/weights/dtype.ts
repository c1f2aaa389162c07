import { DeadiffError } from "../errors.ts";
import type { HostDType } from "../session.ts";

/** Element types that weight files hold, under the names of the safetensors format. */
export type StoredDType = "F64" | "F32" | "F16" | "BF16" | "I64" | "I32" | "I16" | "I8" | "U8" | "BOOL";

/** Size in bytes of one element of each stored type. */
export const storedBytes: Readonly<Record<StoredDType, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, BOOL: 1 };

/** The stored type that keeps each host type as it is. */
export const storedDType = {
  float64: "F64", float32: "F32", float16: "F16", int64: "I64", int32: "I32", uint8: "U8", bool: "BOOL",
} as const satisfies Record<HostDType, StoredDType>;

/** Whether `name` is a stored type. */
export const isStoredDType = (name: unknown): name is StoredDType => typeof name === "string" && Object.hasOwn(storedBytes, name);

/** Number of elements of a tensor of `dims`, or undefined where a dimension is no whole number >= 0 or the product exceeds 2^53. */
export function elementCount(dims: readonly unknown[]): number | undefined {
  let count = 1;
  for (const dim of dims) {
    if (typeof dim !== "number" || !Number.isSafeInteger(dim) || dim < 0) return undefined;
    count *= dim;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return count;
}

/** Throws `tensor_wrong_size` unless `bytes` is exactly what a tensor of `dtype` and `dims` takes. */
export function requireByteLength(name: string, dtype: StoredDType, dims: readonly number[], byteLength: number): void {
  const count = elementCount(dims);
  const expected = count === undefined ? undefined : count * storedBytes[dtype];
  if (expected !== byteLength) {
    throw new DeadiffError("tensor_wrong_size", `${name}: ${dtype} [${dims.join(", ")}] takes ${String(expected)} bytes, got ${byteLength}`);
  }
}
