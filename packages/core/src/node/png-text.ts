import { crc32, inflateSync } from "node:zlib";
import { DeadiffError } from "../errors.ts";

/** Text that a PNG carries beside its pixels: chunks tEXt, zTXt and iTXt. Source: W3C, PNG (Third Edition), sections 5.3 and 11.3.3. */

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** Length, type and checksum of a chunk. */
const frameBytes = 12;
/** The longest text that is read, before and after unpacking. */
const maxTextBytes = 1 << 20;

type Chunk = { type: string; data: Uint8Array };

const invalid = (what: string, cause?: unknown): DeadiffError => new DeadiffError("invalid_image", `not a PNG that can be read: ${what}`, { cause });

/** The PNG with `text` under `keyword` (Latin-1, 1 to 79 characters) in an iTXt chunk after its header. Fails with `invalid_image`. */
export function withPngText(png: Uint8Array, keyword: string, text: string): Uint8Array<ArrayBuffer> {
  const [header] = chunks(png);
  if (header?.type !== "IHDR") throw invalid("it does not start with its header");
  const at = signature.length + frameBytes + header.data.length;
  // No compression (two zeros), no language tag, no translated keyword.
  return concat([png.subarray(0, at), chunk("iTXt", concat([utf8(`${keyword}\0\0\0\0\0`), utf8(text)])), png.subarray(at)]);
}

/**
 * The text under `keyword`, or undefined where the PNG has none. The file is not trusted: lengths are checked, text
 * past 1 MiB (unpacked, too) and damaged chunks are refused with `invalid_image`.
 */
export function readPngText(png: Uint8Array, keyword: string): string | undefined {
  for (const { type, data } of chunks(png)) {
    if (type !== "tEXt" && type !== "zTXt" && type !== "iTXt") continue;
    if (latin1(data.subarray(0, Math.max(0, data.indexOf(0)))) !== keyword) continue;
    if (data.length > maxTextBytes) throw invalid(`its text ${keyword} has ${data.length} bytes`);
    return chunkText(type, data.subarray(keyword.length + 1));
  }
  return undefined;
}

/** The text of a chunk, given what follows its keyword. */
function chunkText(type: "tEXt" | "zTXt" | "iTXt", data: Uint8Array): string {
  switch (type) {
    case "tEXt": return latin1(data);
    case "zTXt": return latin1(unpack(data.subarray(1)));
    case "iTXt": {
      const language = data.indexOf(0, 2);
      const translated = language === -1 ? -1 : data.indexOf(0, language + 1);
      if (translated === -1) throw invalid("a text chunk is cut short");
      const text = data.subarray(translated + 1);
      return new TextDecoder().decode(data[0] === 0 ? text : unpack(text));
    }
  }
}

function unpack(data: Uint8Array): Uint8Array {
  try {
    return inflateSync(data, { maxOutputLength: maxTextBytes });
  } catch (cause) {
    throw invalid("its compressed text is damaged or too long", cause);
  }
}

function* chunks(png: Uint8Array): Generator<Chunk> {
  if (!signature.every((byte, i) => png[i] === byte)) throw invalid("it has no PNG signature");
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  let at = signature.length;
  while (at < png.length) {
    const length = at + frameBytes > png.length ? Infinity : view.getUint32(at);
    const end = at + frameBytes + length;
    if (end > png.length) throw invalid("it is cut short");
    const type = latin1(png.subarray(at + 4, at + 8));
    if (type.endsWith("Xt") && view.getUint32(end - 4) !== crc32(png.subarray(at + 4, end - 4))) throw invalid(`the checksum of a chunk ${type} is wrong`);
    yield { type, data: png.subarray(at + 8, end - 4) };
    if (type === "IEND") return; // what follows is no part of the picture
    at = end;
  }
  throw invalid("it has no end");
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = concat([utf8(type), data]);
  const frame = new DataView(new ArrayBuffer(8));
  frame.setUint32(0, data.length);
  frame.setUint32(4, crc32(body));
  return concat([new Uint8Array(frame.buffer, 0, 4), body, new Uint8Array(frame.buffer, 4, 4)]);
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
const concat = (parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.concat(parts));
