import { DeadiffError } from "../errors.ts";
import type { HostTensor } from "../session.ts";
import { elementCount, requireByteLength, storedBytes } from "./dtype.ts";
import { countNotFinite, weightsNotFinite, type NotFinite } from "./finite.ts";
import { storedTensor } from "./host-tensor.ts";
import { maxHeaderBytes, prefixBytes } from "./safetensors-header.ts";
import type { TensorInfo } from "./tensor-source.ts";

/** A tensor to write: declared beforehand, its little-endian row-major bytes made only when its turn comes. */
export type TensorToWrite = TensorInfo & { bytes: () => Uint8Array | Promise<Uint8Array> };

/** A tensor to write from one in memory. */
export function tensorToWrite(name: string, tensor: HostTensor): TensorToWrite {
  const { dtype, bytes } = storedTensor(tensor);
  return { name, dtype, dims: tensor.dims, bytes: () => bytes };
}

/** A safetensors file before its data: the bytes up to the data section, then the tensors in the order of their bytes. */
type SafetensorsLayout<T> = { head: Uint8Array; order: readonly T[] };

/** The data section starts at a multiple of this, a memory page, so that a reader may map it. */
const dataAlignment = 4096;

/**
 * Lays out a safetensors file. The format forbids holes, so tensors cannot be aligned to pages one by one: the data
 * section starts on a page (the header is padded with spaces, as the format provides), and tensors lie by falling
 * element size, each thereby at a multiple of it; among equals the given order stays.
 */
function layOutSafetensors<T extends TensorInfo>(tensors: readonly T[], metadata: Readonly<Record<string, string>> = {}): SafetensorsLayout<T> {
  const order = tensors.toSorted((a, b) => storedBytes[b.dtype] - storedBytes[a.dtype]);
  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set("__metadata__", metadata);
  let end = 0;
  for (const { name, dtype, dims } of order) {
    if (name === "__metadata__" || header.has(name)) throw new DeadiffError("safetensors_duplicate_key", `two tensors are named ${name}`);
    const count = elementCount(dims);
    if (count === undefined) throw new DeadiffError("safetensors_bad_shape", `${name}: [${dims.join(", ")}] is no shape`);
    const begin = end;
    end += count * storedBytes[dtype];
    header.set(name, { dtype, shape: dims, data_offsets: [begin, end] });
  }
  // A Map and not an object: a tensor may be named like a number (which objects reorder) or "__proto__".
  const json = new TextEncoder().encode(`{${[...header].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`);
  const headBytes = Math.ceil((prefixBytes + json.byteLength) / dataAlignment) * dataAlignment;
  if (headBytes - prefixBytes > maxHeaderBytes) throw new DeadiffError("safetensors_header_too_large", `the header would take ${headBytes} bytes, the limit is ${maxHeaderBytes}`);
  const head = new Uint8Array(headBytes).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(headBytes - prefixBytes), true);
  head.set(json, prefixBytes);
  return { head, order };
}

/**
 * The bytes of a safetensors file, tensor after tensor: at most one tensor is in memory at a time. Fails with
 * `safetensors_duplicate_key`, `safetensors_bad_shape`, `safetensors_header_too_large`, `tensor_wrong_size` and, after
 * the last tensor, with `weights_not_finite`: a file whose stream failed must be thrown away.
 */
export async function* encodeSafetensors(tensors: readonly TensorToWrite[], metadata: Readonly<Record<string, string>> = {}): AsyncGenerator<Uint8Array> {
  const { head, order } = layOutSafetensors(tensors, metadata);
  const faults: NotFinite[] = [];
  yield head;
  for (const { name, dtype, dims, bytes: make } of order) {
    const bytes = await make();
    requireByteLength(name, dtype, dims, bytes.byteLength);
    const count = countNotFinite(dtype, aligned(bytes, storedBytes[dtype]));
    if (count > 0) faults.push({ name, count });
    yield bytes;
  }
  if (faults.length > 0) throw weightsNotFinite(faults);
}

const aligned = (bytes: Uint8Array, elementBytes: number): Uint8Array => (bytes.byteOffset % elementBytes === 0 ? bytes : bytes.slice());
