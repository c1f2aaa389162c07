import { open, type FileHandle } from "node:fs/promises";
import { DeadiffError } from "../errors.ts";
import { requireRange, type ByteSource } from "../weights/byte-source.ts";

/** Bytes asked of the system in one read; it refuses 2 GiB and more. */
const maxReadBytes = 1 << 30;

/** A file as a source of byte ranges. Fails with `file_unreadable`; a file that shrinks while open fails a read with `source_truncated`. */
export async function fileSource(path: string): Promise<ByteSource> {
  const file = await openToRead(path);
  const { size } = await file.stat();
  return {
    size,
    read: async (offset, length) => {
      requireRange(size, offset, length);
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await file.read(bytes, done, Math.min(maxReadBytes, length - done), offset + done);
        if (bytesRead === 0) throw new DeadiffError("source_truncated", `${path}: ended at ${offset + done}, it had ${size} bytes when it was opened`);
        done += bytesRead;
      }
      return bytes;
    },
    close: () => file.close(),
  };
}

async function openToRead(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, "r");
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (cause) {
    throw new DeadiffError("file_unreadable", `cannot open ${path}`, { cause });
  }
  throw new DeadiffError("file_unreadable", `${path} is not a file`);
}
