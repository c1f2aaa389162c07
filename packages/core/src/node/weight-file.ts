import { DeadiffError } from "../errors.ts";
import type { ByteSource } from "../weights/byte-source.ts";
import { openSafetensors } from "../weights/safetensors.ts";
import type { TensorSource } from "../weights/tensor-source.ts";
import { openTorchCheckpoint } from "../weights/torch/checkpoint.ts";
import { fileSource } from "./file-source.ts";
import { openOver } from "./open-over.ts";
import { openZipArchive } from "./zip-archive.ts";

/**
 * Opens a weight file of either format, told by its first bytes and not by its name: safetensors, or a checkpoint of
 * `torch.save`. Fails with `file_unreadable`, `checkpoint_legacy_format` or the codes of the two readers.
 */
export const openWeightFile = async (path: string): Promise<TensorSource> => openOver(await fileSource(path), openWeights);

/** As `openWeightFile`, over bytes that are open already. */
export async function openWeights(source: ByteSource): Promise<TensorSource> {
  const start = await source.read(0, Math.min(16, source.size));
  if (startsWith(start, zipEntry)) return openTorchCheckpoint(await openZipArchive(source));
  if (startsWith(start, legacyMagic)) {
    throw new DeadiffError("checkpoint_legacy_format", "the checkpoint has the format of torch 1.5 and earlier; load it with a newer torch and save it again, or convert it to .safetensors");
  }
  return openSafetensors(source);
}

const zipEntry = [0x50, 0x4b, 0x03, 0x04];
/** A pickle of the number 0x1950a86a20f9469cfc6c, with which torch's older format starts. */
const legacyMagic = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean => magic.every((byte, i) => bytes[i] === byte);
