import { openSafetensors, type Safetensors } from "../weights/safetensors.ts";
import { encodeSafetensors, type TensorToWrite } from "../weights/safetensors-write.ts";
import { writeFileAtomically, type WrittenFile } from "./atomic-file.ts";
import { fileSource } from "./file-source.ts";
import { openOver } from "./open-over.ts";

/** Opens a safetensors file; tensors are read from it range by range. Fails with `file_unreadable` or a `safetensors_*` code. */
export const openSafetensorsFile = async (path: string): Promise<Safetensors> => openOver(await fileSource(path), openSafetensors);

/**
 * Writes a safetensors file, one tensor in memory at a time, whole or not at all; returns its length and SHA-256.
 * Fails with the codes of `encodeSafetensors`.
 */
export const writeSafetensorsFile = (path: string, tensors: readonly TensorToWrite[], metadata?: Readonly<Record<string, string>>): Promise<WrittenFile> =>
  writeFileAtomically(path, encodeSafetensors(tensors, metadata));
