import { crc32 } from "node:zlib";

export type ZipPart = { name: string; data: Uint8Array; /** Compression method written into the headers; the data stays as it is. */ method?: number };

/** A zip archive of stored entries, as torch writes them but for the alignment. */
export function storedZip(parts: readonly ZipPart[]): Uint8Array<ArrayBuffer> {
  const locals: Uint8Array[] = [];
  const centrals: Uint8Array[] = [];
  let offset = 0;
  for (const { name, data, method = 0 } of parts) {
    const file = new TextEncoder().encode(name);
    // Version, flags, method, time, date, checksum, sizes, lengths of name and extra field.
    const shared = numbers([2, 20], [2, 0], [2, method], [2, 0], [2, 0], [4, crc32(data)], [4, data.length], [4, data.length], [2, file.length], [2, 0]);
    const local = [numbers([4, 0x04034b50]), shared, file, data];
    centrals.push(numbers([4, 0x02014b50], [2, 20]), shared, numbers([2, 0], [2, 0], [2, 0], [4, 0], [4, offset]), file);
    locals.push(...local);
    offset += size(local);
  }
  const end = numbers([4, 0x06054b50], [2, 0], [2, 0], [2, parts.length], [2, parts.length], [4, size(centrals)], [4, offset], [2, 0]);
  return new Uint8Array(Buffer.concat([...locals, ...centrals, end]));
}

const size = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.length, 0);

function numbers(...fields: readonly (readonly [bytes: 2 | 4, value: number])[]): Uint8Array {
  const out = Buffer.alloc(fields.reduce((sum, [bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [bytes, value] of fields) at = bytes === 2 ? out.writeUInt16LE(value, at) : out.writeUInt32LE(value >>> 0, at);
  return out;
}
