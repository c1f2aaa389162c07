import type { TorchTensor } from "./value.ts";

/** Number of elements of the storage from the tensor's first to its last, both included; 0 for an empty tensor. */
export function spanElements({ dims, strides }: Pick<TorchTensor, "dims" | "strides">): number {
  if (dims.includes(0)) return 0;
  return dims.reduce((span, dim, axis) => span + (dim - 1) * (strides[axis] ?? 0), 1);
}

/**
 * Copies a strided tensor to row-major order. `span` are the bytes from its first element to its last (see
 * `spanElements`); returned as it is where it is row-major already.
 */
export function rowMajor({ dims, strides }: Pick<TorchTensor, "dims" | "strides">, span: Uint8Array<ArrayBuffer>, elementBytes: number): Uint8Array<ArrayBuffer> {
  if (isRowMajor(dims, strides)) return span;
  const count = dims.reduce((product, dim) => product * dim, 1);
  const out = new Uint8Array(count * elementBytes);
  const index = dims.map(() => 0);
  let from = 0;
  for (let element = 0; element < count; element++) {
    for (let byte = 0; byte < elementBytes; byte++) out[element * elementBytes + byte] = span[from * elementBytes + byte] as number;
    // The next index in row-major order, and with it the place in the span.
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      from += stride;
      if ((index[axis] as number) < (dims[axis] as number)) break;
      from -= stride * (dims[axis] as number);
      index[axis] = 0;
    }
  }
  return out;
}

function isRowMajor(dims: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const dim = dims[axis] as number;
    if (dim === 0) return true;
    if (dim !== 1 && strides[axis] !== expected) return false; // the stride of a dimension of one element means nothing
    expected *= dim;
  }
  return true;
}

/** Reverses the bytes of each element in place: big-endian data to little-endian. */
export function swapByteOrder(bytes: Uint8Array, elementBytes: number): void {
  if (elementBytes === 1) return;
  for (let at = 0; at < bytes.byteLength; at += elementBytes) bytes.subarray(at, at + elementBytes).reverse();
}
