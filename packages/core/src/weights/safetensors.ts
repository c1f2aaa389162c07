import type { ByteSource } from "./byte-source.ts";
import { hostTensor } from "./host-tensor.ts";
import { headerLength, parseHeader, prefixBytes } from "./safetensors-header.ts";
import { tensorMissing, type TensorInfo, type TensorSource } from "./tensor-source.ts";

/** What a safetensors file says of a tensor, and where in the file its bytes lie (what ONNX external data refers to). */
export type SafetensorsInfo = TensorInfo & { readonly fileOffset: number; readonly byteLength: number };

/** An open safetensors file: its tensors, and the free text of its `__metadata__`. */
export type Safetensors = Omit<TensorSource, "tensors"> & {
  readonly tensors: ReadonlyMap<string, SafetensorsInfo>;
  readonly metadata: ReadonlyMap<string, string>;
};

/**
 * Opens a safetensors file: reads and checks its header at once, each tensor's bytes only when it is asked for.
 * Closing it closes `source`. Fails with a `safetensors_*` code (see `parseHeader`).
 */
export async function openSafetensors(source: ByteSource): Promise<Safetensors> {
  const length = headerLength(await source.read(0, Math.min(prefixBytes, source.size)), source.size);
  const dataStart = prefixBytes + length;
  const header = parseHeader(await source.read(prefixBytes, length), source.size - dataStart);
  const tensors = new Map<string, SafetensorsInfo>();
  for (const { name, dtype, dims, begin, end } of header.tensors) {
    tensors.set(name, { name, dtype, dims, fileOffset: dataStart + begin, byteLength: end - begin });
  }
  return {
    tensors,
    metadata: header.metadata,
    read: async (name) => {
      const tensor = tensors.get(name);
      if (tensor === undefined) throw tensorMissing(name);
      return hostTensor(name, tensor.dtype, tensor.dims, await source.read(tensor.fileOffset, tensor.byteLength));
    },
    close: () => source.close(),
  };
}
