import { createHash, randomUUID } from "node:crypto";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Bytes handed to the system in one write; it takes less than 2 GiB. */
const maxWriteBytes = 1 << 30;

/** What was written: length in bytes and lower-case hexadecimal SHA-256. */
export type WrittenFile = { bytes: number; sha256: string };

/**
 * Writes a file from chunks, hashing it on the way: into a hidden file beside `path`, forced to disk, then renamed, so
 * that `path` holds either what it held before or the whole new file. A failing `chunks` leaves nothing behind.
 */
export async function writeFileAtomically(path: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<WrittenFile> {
  const part = join(dirname(path), `.${basename(path)}.${randomUUID()}.part`);
  const file = await open(part, "wx");
  try {
    const written = await writeChunks(file, chunks).finally(() => file.close());
    await rename(part, path);
    return written;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
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
