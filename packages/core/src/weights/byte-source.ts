import { DeadiffError } from "../errors.ts";

/**
 * Bytes that are read range by range, so that a file of any size never sits in memory as a whole.
 * Whoever opens a source closes it.
 */
export type ByteSource = {
  /** Length in bytes. */
  readonly size: number;
  /** Reads exactly `length` bytes from `offset` into memory the caller owns. Fails with `source_out_of_range` or `source_truncated`. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
};

/** Throws `source_out_of_range` unless `[offset, offset + length)` lies inside `size` bytes. */
export function requireRange(size: number, offset: number, length: number): void {
  const inside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0 && offset + length <= size;
  if (!inside) {
    throw new DeadiffError("source_out_of_range", `bytes ${String(offset)}..${String(offset + length)} were asked of a source of ${size} bytes`);
  }
}

/** A source over bytes in memory; reads are copies. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.byteLength,
    read: async (offset, length) => {
      await Promise.resolve();
      requireRange(bytes.byteLength, offset, length);
      return new Uint8Array(bytes.subarray(offset, offset + length));
    },
    close: () => Promise.resolve(),
  };
}
