import { crc32, deflateSync } from "node:zlib";
import sharp, { type Color, type Sharp } from "sharp";
import { describe, expect, test } from "vitest";
import { codeOf } from "../../test/io/code.ts";
import { dice, mutate } from "../../test/io/mutate.ts";
import { storedZip } from "../../test/io/zip.ts";
import { decodeImage } from "./decode-image.ts";

/** 4 x 2 pixels: the left half red, the right half blue. */
const raw = Uint8Array.from(Array.from({ length: 8 }, (_, i) => (i % 4 < 2 ? [255, 0, 0] : [0, 0, 255])).flat());
const picture = () => sharp(raw, { raw: { width: 4, height: 2, channels: 3 } });
/** A larger one whose encodings are long enough to damage. */
const noise = sharp(Uint8Array.from({ length: 64 * 48 * 3 }, (_, i) => (i * i * 31) % 251), { raw: { width: 64, height: 48, channels: 3 } });
const svg = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>`);

test("JPEG, PNG and WebP give their pixels as 8-bit sRGB", async () => {
  const exact = { width: 4, height: 2, channels: 3, data: raw };
  expect(await decodeImage(await picture().png().toBuffer())).toEqual(exact);
  expect(await decodeImage(await picture().webp({ lossless: true }).toBuffer())).toEqual(exact);
  const jpeg = await decodeImage(await picture().resize(64, 32, { kernel: "nearest" }).jpeg({ quality: 95, chromaSubsampling: "4:4:4" }).toBuffer());
  expect([jpeg.width, jpeg.height, jpeg.data.length]).toEqual([64, 32, 64 * 32 * 3]);
  expect(jpeg.data[0]).toBeGreaterThan(245);
});

test("grey, 16-bit, palette and transparent pictures become three channels, transparency white", async () => {
  const decode = async (encoded: Sharp): Promise<number[]> => [...(await decodeImage(await encoded.png().toBuffer())).data.subarray(0, 3)];
  const plain = (channels: 3 | 4, colour: Color) => sharp({ create: { width: 3, height: 3, channels, background: colour } });
  expect(await decode(plain(3, "#777777").toColourspace("b-w"))).toEqual([119, 119, 119]);
  expect(await decode(plain(3, "#336699").toColourspace("rgb16"))).toEqual([51, 102, 153]);
  expect(await decode(plain(4, { r: 255, g: 0, b: 0, alpha: 0 }))).toEqual([255, 255, 255]);
  expect(await decode(plain(4, { r: 0, g: 0, b: 0, alpha: 0.5 }))).toEqual([127, 127, 127]);
  expect(await decode(plain(4, { r: 0, g: 0, b: 0, alpha: 0 }).toColourspace("b-w"))).toEqual([255, 255, 255]);
  expect([...(await decodeImage(await plain(3, "#336699").png({ palette: true }).toBuffer())).data.subarray(0, 3)]).toEqual([51, 102, 153]);
});

test("colours of another profile or of print become sRGB", async () => {
  const green = sharp({ create: { width: 3, height: 3, channels: 3, background: "#a08070" } });
  const wide = await green.clone().withIccProfile("p3").png().toBuffer();
  const stored = await sharp(wide, { ignoreIcc: true }).removeAlpha().raw().toBuffer();
  expect(Math.abs(stored[0]! - 0xa0)).toBeGreaterThan(3); // the file's own numbers are others
  for (const bytes of [wide, await green.clone().toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer()]) {
    const { data } = await decodeImage(bytes);
    expect(data).toHaveLength(27);
    [0xa0, 0x80, 0x70].forEach((value, channel) => expect(Math.abs(data[channel]! - value)).toBeLessThanOrEqual(6));
  }
});

test("pictures are turned upright by their EXIF orientation", async () => {
  const turned = await decodeImage(await picture().withMetadata({ orientation: 6 }).webp({ lossless: true }).toBuffer());
  expect([turned.width, turned.height]).toEqual([2, 4]);
  expect([...turned.data.subarray(0, 3)]).toEqual([255, 0, 0]); // what was on the left is on top
  expect([...turned.data.subarray(-3)]).toEqual([0, 0, 255]);
});

test("of an animation the first frame is taken", async () => {
  const frames = await sharp([await picture().png().toBuffer(), await picture().negate().png().toBuffer()], { join: { animated: true } }).webp({ lossless: true }).toBuffer();
  expect(await decodeImage(frames)).toEqual({ width: 4, height: 2, channels: 3, data: raw });
});

describe("what is no picture of the three formats is refused before a decoder sees it", () => {
  test.each<[string, () => Promise<Uint8Array> | Uint8Array]>([
    ["GIF", () => picture().gif().toBuffer()],
    ["TIFF", () => picture().tiff().toBuffer()],
    ["AVIF", () => picture().avif().toBuffer()],
    ["SVG", () => svg],
    ["HTML", () => Buffer.from("<html><img src=x>")],
    ["PDF", () => Buffer.from("%PDF-1.7\n")],
    ["a zip archive", () => storedZip([{ name: "a", data: raw }])],
    ["zero bytes in a row", () => new Uint8Array(1000)],
    ["RIFF audio", () => Buffer.from("RIFF\x10\0\0\0WAVEfmt ")],
  ])("%s", async (_name, bytes) => {
    expect(await codeOf(async () => decodeImage(await bytes()))).toBe("unsupported_format");
  });
});

describe("damaged pictures are invalid", () => {
  const encodings = { jpeg: () => noise.clone().jpeg().toBuffer(), png: () => noise.clone().png().toBuffer(), webp: () => noise.clone().webp().toBuffer() };
  test.each(Object.entries(encodings))("%s cut in the middle or to its first bytes", async (_format, encode) => {
    const bytes = await encode();
    for (const length of [12, 40, Math.floor(bytes.length / 2), bytes.length - 20]) expect(await codeOf(() => decodeImage(bytes.subarray(0, length)))).toBe("invalid_image");
  });

  test("an empty file", async () => {
    expect(await codeOf(() => decodeImage(new Uint8Array(0)))).toBe("invalid_image");
  });

  test("an SVG behind a PNG's first bytes", async () => {
    const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
    expect(await codeOf(() => decodeImage(Buffer.concat([signature, svg])))).toBe("invalid_image");
  });
});

test("what follows the picture is not part of what is decoded", async () => {
  const polyglot = Buffer.concat([await picture().png().toBuffer(), Buffer.from("<script>alert(1)</script>")]);
  expect((await decodeImage(polyglot)).data).toEqual(raw);
});

/** A PNG of one grey bit a pixel, as its header says; its data is a short run of zeros. */
function flood(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const out = Buffer.alloc(data.length + 12);
    out.writeUInt32BE(data.length, 0);
    out.write(type, 4, "latin1");
    out.set(data, 8);
    out.writeUInt32BE(crc32(out.subarray(4, -4)), data.length + 8);
    return out;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk("IHDR", header), chunk("IDAT", deflateSync(Buffer.alloc(1000))), chunk("IEND", Buffer.alloc(0))]);
}
test("pictures past the limits are refused by their header, before any pixel is decoded", async () => {
  const started = performance.now();
  for (const [width, height] of [[14_000, 14_000], [40_000_001, 1], [8001, 5000]] as const) expect(await codeOf(() => decodeImage(flood(width, height)))).toBe("image_too_large");
  expect(await codeOf(() => decodeImage(new Uint8Array((50 << 20) + 1)))).toBe("image_too_large");
  const small = await picture().png().toBuffer();
  expect(await codeOf(() => decodeImage(small, { maxBytes: 1 << 20, maxPixels: 7, maxSeconds: 5 }))).toBe("image_too_large");
  expect(await codeOf(() => decodeImage(small, { maxBytes: small.length, maxPixels: 8, maxSeconds: 5 }))).toBe("none");
  expect(performance.now() - started).toBeLessThan(2000);
});

test("no damage to a JPEG or WebP makes the decoder crash or hang", async () => {
  const roll = dice(4);
  const codes = new Set<string>();
  for (const bytes of [await noise.clone().jpeg().toBuffer(), await noise.clone().webp().toBuffer()]) {
    for (let i = 0; i < 150; i++) {
      const damaged = mutate(bytes, roll);
      codes.add(await codeOf(() => decodeImage(damaged)));
    }
  }
  expect([...codes].filter((code) => !["none", "invalid_image", "unsupported_format", "image_too_large"].includes(code))).toEqual([]);
});
