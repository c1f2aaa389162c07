import { DeadiffError } from "../../errors.ts";
import type { ByteSource } from "../byte-source.ts";
import { storedBytes } from "../dtype.ts";
import { hostTensor } from "../host-tensor.ts";
import { unpickle } from "../pickle/unpickle.ts";
import { tensorMissing, type TensorInfo, type TensorSource } from "../tensor-source.ts";
import { torchDomain } from "./rebuild.ts";
import { stateDict } from "./state-dict.ts";
import { rowMajor, spanElements, swapByteOrder } from "./strided.ts";
import { malformed, type TorchTensor } from "./value.ts";

/** Where an archive's entry lies in its file; `stored` is false where the entry is compressed or encrypted. */
export type ArchiveEntry = { readonly offset: number; readonly bytes: number; readonly stored: boolean };

/** An archive of named entries over the bytes of its file. */
export type Archive = { readonly source: ByteSource; readonly entries: ReadonlyMap<string, ArchiveEntry> };

/**
 * Opens a checkpoint written by `torch.save` (1.6 or later: an archive of a pickle and one entry per storage). The
 * pickle is evaluated as data, never executed; tensors are read one by one, views and shared storages included.
 * Fails with `checkpoint_unsafe_global` for a pickle that names anything but weights, and with other `checkpoint_*` or
 * `pickle_*` codes for damage. Closing it closes the archive's source. The archive's own checksums are not verified:
 * torch can be told to leave them out.
 */
export async function openTorchCheckpoint({ source, entries }: Archive): Promise<TensorSource> {
  const root = rootFolder(entries);
  const readEntry = async (name: string): Promise<Uint8Array> => {
    const { offset, bytes } = storedEntry(entries, name);
    return source.read(offset, bytes);
  };
  const bigEndian = entries.has(`${root}/byteorder`) && isBigEndian(await readEntry(`${root}/byteorder`));
  const state = stateDict(unpickle(await readEntry(`${root}/data.pkl`), torchDomain));
  const tensors = new Map<string, TensorInfo>([...state].map(([name, { storage, dims }]) => [name, { name, dtype: storage.dtype, dims }]));
  return {
    tensors,
    read: async (name) => {
      const tensor = state.get(name);
      if (tensor === undefined) throw tensorMissing(name);
      const bytes = await readTensor({ source, entries }, root, tensor);
      const { dtype } = tensor.storage;
      if (bigEndian) swapByteOrder(bytes, storedBytes[dtype]);
      return hostTensor(name, dtype, tensor.dims, bytes);
    },
    close: () => source.close(),
  };
}

/** The one top folder of the archive, under whatever name it was saved. */
function rootFolder(entries: Archive["entries"]): string {
  const roots = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/u.test(name)).map((name) => name.slice(0, -"/data.pkl".length));
  const [root] = roots;
  if (root === undefined || roots.length > 1) throw malformed(`the archive has ${roots.length} entries named data.pkl, it should have one`);
  if (entries.has(`${root}/constants.pkl`)) throw new DeadiffError("checkpoint_torchscript", "this is a TorchScript program, not a state_dict; save the module's state_dict() instead");
  return root;
}

function storedEntry(entries: Archive["entries"], name: string): ArchiveEntry {
  const entry = entries.get(name);
  if (entry === undefined) throw new DeadiffError("checkpoint_missing_entry", `the archive has no entry ${name}`);
  if (!entry.stored) throw new DeadiffError("checkpoint_compressed", `the entry ${name} is compressed or encrypted, which torch.save never does; save the checkpoint again with torch`);
  return entry;
}

function isBigEndian(text: Uint8Array): boolean {
  const order = new TextDecoder().decode(text.subarray(0, 16)).trim();
  if (order !== "little" && order !== "big") throw malformed(`the byte order is ${JSON.stringify(order)}`);
  return order === "big";
}

/** The tensor's elements in row-major order, still in the byte order of the file; reads no more of the storage than the tensor spans. */
async function readTensor({ source, entries }: Archive, root: string, tensor: TorchTensor): Promise<Uint8Array<ArrayBuffer>> {
  const { storage } = tensor;
  const size = storedBytes[storage.dtype];
  const name = `${root}/data/${storage.key}`;
  const entry = storedEntry(entries, name);
  if (entry.bytes < storage.elements * size) throw new DeadiffError("checkpoint_truncated", `the entry ${name} has ${entry.bytes} bytes, its ${storage.elements} elements of ${storage.dtype} take ${storage.elements * size}`);
  const span = await source.read(entry.offset + tensor.offset * size, spanElements(tensor) * size);
  return rowMajor(tensor, span, size);
}
