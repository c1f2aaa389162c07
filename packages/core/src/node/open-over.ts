import type { ByteSource } from "../weights/byte-source.ts";

/** Opens a format over a source, and closes the source where that fails. */
export async function openOver<T>(source: ByteSource, open: (source: ByteSource) => Promise<T>): Promise<T> {
  try {
    return await open(source);
  } catch (error) {
    await source.close();
    throw error;
  }
}
