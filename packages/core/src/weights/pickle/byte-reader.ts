import { DeadiffError } from "../../errors.ts";

/** Reads a pickle's operands in order; running past the end is `pickle_truncated`. */
export type ByteReader = {
  /** Index of the next byte. */
  position(): number;
  u8(): number;
  u16(): number;
  u32(): number;
  i32(): number;
  /** A length of 8 bytes. */
  u64(): number;
  /** Big-endian, as pickle stores it. */
  f64(): number;
  bytes(length: number): Uint8Array;
  utf8(length: number): string;
  /** Text up to a line feed, which is passed over. */
  line(): string;
};

/** A reader over `data` from its start. */
export function byteReader(data: Uint8Array): ByteReader {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let at = 0;
  const take = (length: number): number => {
    if (length > data.byteLength - at) throw new DeadiffError("pickle_truncated", `the pickle ends at byte ${data.byteLength}, inside an operand that starts at ${at}`);
    const from = at;
    at += length;
    return from;
  };
  const bytes = (length: number): Uint8Array => {
    const from = take(length);
    return data.subarray(from, from + length);
  };
  const utf8 = (length: number): string => {
    try {
      return text.decode(bytes(length));
    } catch (cause) {
      throw cause instanceof DeadiffError ? cause : new DeadiffError("pickle_malformed", `text at byte ${at - length} is not UTF-8`, { cause });
    }
  };
  return {
    position: () => at,
    u8: () => view.getUint8(take(1)),
    u16: () => view.getUint16(take(2), true),
    u32: () => view.getUint32(take(4), true),
    i32: () => view.getInt32(take(4), true),
    u64: () => Number(view.getBigUint64(take(8), true)),
    f64: () => view.getFloat64(take(8), false),
    bytes,
    utf8,
    line: () => {
      const end = data.indexOf(0x0a, at);
      const line = utf8((end === -1 ? data.byteLength + 1 : end) - at); // without a line feed: more than there is
      at++;
      return line;
    },
  };
}
