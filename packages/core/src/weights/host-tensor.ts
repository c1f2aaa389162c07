import { DeadiffError } from "../errors.ts";
import type { HostTensor } from "../session.ts";
import { requireByteLength, storedDType, type StoredDType } from "./dtype.ts";
import { bfloat16ToFloat32, float32ToHalf, halfToFloat32 } from "./half.ts";

/**
 * The tensor that little-endian row-major `bytes` hold; BF16 becomes float32, I16 and I8 become int32, the rest keep
 * their type. Takes over the buffer of `bytes` where it can; typed arrays are little-endian themselves on every machine
 * this runs on. Fails with `tensor_wrong_size`.
 */
export function hostTensor(name: string, dtype: StoredDType, dims: readonly number[], bytes: Uint8Array<ArrayBuffer>): HostTensor {
  requireByteLength(name, dtype, dims, bytes.byteLength);
  // Typed arrays of wider elements can only start at a multiple of their size.
  const buffer = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
  switch (dtype) {
    case "F64": return { dtype: "float64", dims, data: new Float64Array(buffer) };
    case "F32": return { dtype: "float32", dims, data: new Float32Array(buffer) };
    case "F16": return { dtype: "float16", dims, data: new Uint16Array(buffer) };
    case "BF16": return { dtype: "float32", dims, data: bfloat16ToFloat32(new Uint16Array(buffer)) };
    case "I64": return { dtype: "int64", dims, data: new BigInt64Array(buffer) };
    case "I32": return { dtype: "int32", dims, data: new Int32Array(buffer) };
    case "I16": return { dtype: "int32", dims, data: Int32Array.from(new Int16Array(buffer)) };
    case "I8": return { dtype: "int32", dims, data: Int32Array.from(new Int8Array(buffer)) };
    case "U8": return { dtype: "uint8", dims, data: new Uint8Array(buffer) };
    case "BOOL": return { dtype: "bool", dims, data: new Uint8Array(buffer) };
  }
}

/** The stored form of a host tensor: its type in a file and its little-endian bytes (a view, not a copy). */
export function storedTensor(tensor: HostTensor): { dtype: StoredDType; bytes: Uint8Array } {
  const { data } = tensor;
  return { dtype: storedDType[tensor.dtype], bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** The values of a floating tensor as float32: float16 and float32 exactly, float64 rounded. Fails with `tensor_wrong_dtype` for other types. */
export function float32Values(name: string, tensor: HostTensor): Float32Array {
  switch (tensor.dtype) {
    case "float32": return tensor.data;
    case "float16": return halfToFloat32(tensor.data);
    case "float64": return Float32Array.from(tensor.data);
    case "int64": case "int32": case "uint8": case "bool":
      throw new DeadiffError("tensor_wrong_dtype", `${name}: expected a floating tensor, got ${tensor.dtype}`);
  }
}

/** The values of a floating tensor as float16 bits, rounded to nearest even; beyond 65504 they become infinite. Fails with `tensor_wrong_dtype`. */
export function float16Values(name: string, tensor: HostTensor): Uint16Array {
  return tensor.dtype === "float16" ? tensor.data : float32ToHalf(float32Values(name, tensor));
}
