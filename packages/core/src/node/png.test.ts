import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { codeOf } from "../../test/io/code.ts";
import { dice, mutate } from "../../test/io/mutate.ts";
import { hostImage } from "../image/host-image.ts";
import { decodeImage } from "./decode-image.ts";
import { encodePng, readPngParameters } from "./png.ts";

const image = hostImage(5, 3, Uint8Array.from({ length: 45 }, (_, i) => (i * 37) % 256));
const parameters = { prompt: "a “dog” 🐶\nin ink", seed: 4294967295, references: [{ weight: 0.5 }] };

/** The PNG with a chunk put in after its header. */
function withChunk(png: Uint8Array, type: string, data: Uint8Array, checksum?: number): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  chunk.set(body, 4);
  chunk.writeUInt32BE(checksum ?? crc32(body), body.length + 4);
  return Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)]);
}
const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

test("a PNG holds the same pixels and every parameter, and other decoders read both", async () => {
  const png = await encodePng(image, parameters);
  expect(await decodeImage(png)).toEqual(image);
  expect(readPngParameters(png)).toEqual(parameters);
  expect((await sharp(png).metadata()).comments).toEqual([{ keyword: "deadiff", text: JSON.stringify(parameters) }]);
  expect(readPngParameters(await encodePng(image))).toBeUndefined();
});

test("parameters are read from every kind of text chunk that programs rewrite them to", async () => {
  const png = await encodePng(image);
  const json = latin1(`{"seed":7}`);
  const kinds: [string, Buffer][] = [
    ["tEXt", Buffer.concat([latin1("deadiff\0"), json])],
    ["zTXt", Buffer.concat([latin1("deadiff\0\0"), deflateSync(json)])],
    ["iTXt", Buffer.concat([latin1("deadiff\0\x01\0de\0x\0"), deflateSync(json)])],
  ];
  for (const [type, data] of kinds) expect(readPngParameters(withChunk(png, type, data))).toEqual({ seed: 7 });
  expect(readPngParameters(withChunk(png, "tEXt", latin1(`deadiff2\0{"seed":7}`)))).toBeUndefined();
});

describe("text that cannot be trusted is refused", () => {
  const bomb = deflateSync(Buffer.alloc(64 << 20, 0x20));
  test.each<[string, string, Buffer, number?]>([
    ["a bomb in zTXt", "zTXt", Buffer.concat([latin1("deadiff\0\0"), bomb])],
    ["a bomb in iTXt", "iTXt", Buffer.concat([latin1("deadiff\0\x01\0\0\0"), bomb])],
    ["damaged compression", "zTXt", latin1("deadiff\0\0nonsense")],
    ["an iTXt cut short", "iTXt", latin1("deadiff\0\0\0en")],
    ["text of 2 MB", "tEXt", Buffer.concat([latin1("deadiff\0"), Buffer.alloc(2 << 20, 0x31)])],
    ["text that is not JSON", "tEXt", latin1("deadiff\0steps: 20")],
    ["a wrong checksum", "tEXt", latin1("deadiff\0{}"), 1],
  ])("%s", async (_fault, type, data, checksum) => {
    const png = withChunk(await encodePng(image), type, data, checksum);
    expect(await codeOf(() => readPngParameters(png))).toBe("invalid_image");
  });

  test("files that are no PNG, or end early", async () => {
    const png = await encodePng(image);
    for (const bytes of [new Uint8Array(0), latin1("GIF89a"), png.subarray(0, 8), png.subarray(0, 40), png.subarray(0, -1)]) {
      expect(await codeOf(() => readPngParameters(bytes))).toBe("invalid_image");
    }
  });
});

test("no damage to a PNG makes reading its text or its pixels crash or hang", async () => {
  const png = await encodePng(image, parameters);
  const roll = dice(3);
  const codes = new Set<string>();
  for (let i = 0; i < 400; i++) {
    const damaged = mutate(png, roll);
    codes.add(await codeOf(() => readPngParameters(damaged)));
    codes.add(await codeOf(() => decodeImage(damaged)));
  }
  expect([...codes].filter((code) => !["none", "invalid_image", "unsupported_format", "image_too_large"].includes(code))).toEqual([]);
});
