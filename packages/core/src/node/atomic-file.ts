import { createHash, randomUUID } from "node:crypto";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { unwritable } from "./unwritable.ts";

/** Bytes handed to the system in one write; it takes less than 2 GiB. */
const maxWriteBytes = 1 << 30;

/** What was written: length in bytes and lower-case hexadecimal SHA-256. */
export type WrittenFile = { bytes: number; sha256: string };

/**
 * Writes a file from chunks, hashing it on the way: into a hidden file beside `path`, forced to disk, then renamed, so
 * that `path` holds either what it held before or the whole new file. A failing `chunks` leaves nothing behind.
 *
 * @throws DeadiffError `file_unwritable` where the system refuses (a full disk, no permission, a folder in the way), or
 * whatever `chunks` throws
 */
export async function writeFileAtomically(path: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<WrittenFile> {
  const part = await writePart(path, chunks);
  await part.commit();
  return part.written;
}

/** As `writeFileAtomically`, of files that belong together: none takes its place before all of them are on the disk. */
export async function writeFilesAtomically(files: readonly { path: string; bytes: Uint8Array }[]): Promise<void> {
  const parts: Part[] = [];
  try {
    for (const { path, bytes } of files) parts.push(await writePart(path, [bytes]));
    for (const part of parts) await part.commit();
  } finally {
    // What has taken its place is no longer there to remove.
    for (const part of parts) await part.discard();
  }
}

/** A whole file on the disk under a hidden name. */
type Part = { written: WrittenFile; commit: () => Promise<void>; discard: () => Promise<void> };

async function writePart(path: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Part> {
  const part = join(dirname(path), `.${basename(path)}.${randomUUID()}.part`);
  const discard = (): Promise<void> => rm(part, { force: true });
  const orDiscard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      await discard();
      throw unwritable(path, error);
    }
  };
  const file = await open(part, "wx").catch((error: unknown) => {
    throw unwritable(path, error);
  });
  const written = await orDiscard(() => writeChunks(file, chunks).finally(() => file.close()));
  return { written, discard, commit: () => orDiscard(() => rename(part, path)) };
}

async function writeChunks(file: FileHandle, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<WrittenFile> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of chunks) {
    const written = writeAll(file, chunk);
    hash.update(chunk); // on this thread, while another one writes
    await written;
    bytes += chunk.byteLength;
  }
  await file.sync();
  return { bytes, sha256: hash.digest("hex") };
}

/** Writes a chunk at the handle's own position; one call may write a part only. */
async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.byteLength; ) {
    const { bytesWritten } = await file.write(chunk, done, Math.min(maxWriteBytes, chunk.byteLength - done));
    done += bytesWritten;
  }
}
