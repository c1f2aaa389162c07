import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { DeadiffError } from "@deadiff/core";

/** The largest file that is read whole: pictures and style codes are far below it. */
const maxBytes = 64 << 20;

/** The bytes of a picture or style code. @throws DeadiffError `file_unreadable` */
export async function readSmallFile(cwd: string, path: string): Promise<Uint8Array> {
  const full = resolve(cwd, path);
  try {
    const { size } = await stat(full);
    if (size > maxBytes) throw new DeadiffError("file_unreadable", `${path} has ${size} bytes, the limit is ${maxBytes}`);
    return await readFile(full);
  } catch (cause) {
    if (cause instanceof DeadiffError) throw cause;
    throw new DeadiffError("file_unreadable", `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Whether bytes begin like a safetensors file, which style codes are: a length of 8 bytes, then JSON. */
export const looksLikeStyleCode = (bytes: Uint8Array): boolean => bytes[8] === "{".charCodeAt(0);
