import { deflateSync, crc32 } from "node:zlib";
import sharp from "sharp";
import { afterAll, describe, expect, test } from "vitest";
import { createDecoder } from "../src/references/decode.ts";

const decoder = createDecoder();
afterAll(() => decoder.stop());
const refused = async (bytes: Uint8Array) => decoder.decode(bytes).then(() => "accepted", (error: unknown) => (error as { code: string }).code);

const chunk = (type: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
};
const png = (width: number, height: number, more: Buffer[] = []): Buffer => {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", header), ...more, chunk("IDAT", deflateSync(Buffer.alloc(Math.min((width + 1) * height, 1_000_000)))), chunk("IEND", Buffer.alloc(0))]);
};
const jpegClaiming = (width: number, height: number): Buffer =>
  Buffer.from(`ffd8ffc0000b08${height.toString(16).padStart(4, "0")}${width.toString(16).padStart(4, "0")}01011100ffda0008010100003f00d2cf20ffd9`, "hex");

// Left half red, right half blue, so that a turn or a mirror shows.
const flag = () => {
  const pixels = Buffer.alloc(16 * 8 * 3);
  for (let y = 0; y < 8; y++) for (let x = 0; x < 16; x++) pixels.set(x < 8 ? [255, 0, 0] : [0, 0, 255], (y * 16 + x) * 3);
  return sharp(pixels, { raw: { width: 16, height: 8, channels: 3 } });
};

describe("bombs and disguises", () => {
  test.each<[string, () => Buffer | Promise<Buffer>, string[]]>([
    ["a JPEG that claims 64,250 x 64,250", () => jpegClaiming(64_250, 64_250), ["image_too_large", "invalid_image"]],
    ["a PNG of 14,000 x 14,000", () => png(14_000, 14_000), ["image_too_large"]],
    ["a PNG of 1 x 4,000,000,000", () => png(1, 4_000_000_000), ["image_too_large", "invalid_image"]],
    ["a PNG of 9,000 x 10", () => png(9000, 10), ["image_too_large"]],
    ["nothing", () => Buffer.alloc(0), ["unsupported_format", "invalid_image"]],
    ["zeros", () => Buffer.alloc(1000), ["unsupported_format"]],
    ["half a PNG", async () => (await flag().resize(200).png().toBuffer()).subarray(0, 200), ["invalid_image"]],
    ["half a JPEG", async () => (await flag().resize(200).jpeg().toBuffer()).subarray(0, 500), ["invalid_image"]],
    ["HTML", () => Buffer.from("<!doctype html><img src=x>"), ["unsupported_format"]],
    ["SVG", () => Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'), ["unsupported_format"]],
    ["SVG that names a file", () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="file:///etc/passwd"/></svg>'), ["unsupported_format"]],
    ["PDF", () => Buffer.from("%PDF-1.7\n1 0 obj\n<<>>\nendobj"), ["unsupported_format"]],
    ["PostScript", () => Buffer.from("%!PS-Adobe-3.0 EPSF-3.0\n"), ["unsupported_format"]],
    ["a GIF", () => flag().gif().toBuffer(), ["unsupported_format"]],
    ["a TIFF", () => flag().tiff().toBuffer(), ["unsupported_format"]],
    ["an AVIF", () => flag().avif().toBuffer(), ["unsupported_format"]],
    ["an MVG script", () => Buffer.from("push graphic-context\nimage over 0,0 0,0 'https://example.com/'"), ["unsupported_format"]],
  ])("%s is refused by name", async (_, make, codes) => {
    expect(codes).toContain(await refused(await make()));
  });

  test("whatever the mutation, a picture is decoded or refused, and the next one is fine", async () => {
    let seed = 1;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const sources = [await flag().png().toBuffer(), await flag().jpeg().toBuffer(), await flag().webp().toBuffer()];
    const known = new Set(["accepted", "invalid_image", "image_too_large", "unsupported_format"]);
    for (let i = 0; i < 300; i++) {
      const bytes = Buffer.from(sources[i % 3]!);
      for (let n = 0; n < 1 + (i % 8); n++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      expect(known).toContain(await refused(random() < 0.2 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes));
    }
    expect(await refused(sources[0]!)).toBe("accepted");
  }, 60_000);

  test("a polyglot's tail and a picture's notes do not come through", async () => {
    const secret = "SECRET-PLACE-52.5200";
    const jpeg = Buffer.concat([await flag().withExif({ IFD0: { ImageDescription: secret }, IFD3: { GPSLatitude: "52/1 31/1 12/1" } }).jpeg().toBuffer(), Buffer.from(`<script>${secret}</script>`)]);
    const out = Buffer.from(await decoder.decode(jpeg));
    expect(out.includes(secret)).toBe(false);
    expect(out.includes("script")).toBe(false);
    expect((await sharp(out).metadata()).exif).toBeUndefined();
  });
});

describe("pictures as cameras make them", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("orientation %i comes out upright", async (orientation) => {
    const upright = await flag().png().toBuffer();
    // The pixels are stored the way a camera with this orientation note would store them.
    const turns = { 3: 180, 5: 90, 6: 270, 7: 270, 8: 90 }[orientation] ?? 0;
    const turned = await sharp(upright).rotate(turns).png().toBuffer();
    const stored = await (orientation === 4 ? sharp(turned).flip() : [2, 5, 7].includes(orientation) ? sharp(turned).flop() : sharp(turned)).png().toBuffer();
    const noted = await sharp(stored).withMetadata({ orientation }).jpeg({ quality: 100, chromaSubsampling: "4:4:4" }).toBuffer();
    const out = sharp(await decoder.decode(noted));
    const { data, info } = await out.raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([16, 8, 3]);
    const at = (x: number) => [...data.subarray((4 * 16 + x) * 3, (4 * 16 + x) * 3 + 3)];
    expect(at(2)[0]).toBeGreaterThan(200);
    expect(at(13)[2]).toBeGreaterThan(200);
  });

  test.each<[string, () => Promise<Buffer>]>([
    ["gray", () => flag().grayscale().png().toBuffer()],
    ["16 bit", () => flag().toColourspace("rgb16").png().toBuffer()],
    ["palette", () => flag().png({ palette: true }).toBuffer()],
    ["CMYK", () => flag().toColourspace("cmyk").jpeg().toBuffer()],
    ["transparent", () => flag().ensureAlpha(0).png().toBuffer()],
    ["one pixel", () => flag().resize(1, 1).png().toBuffer()],
    ["very tall", () => flag().resize(1, 8192, { fit: "fill" }).png().toBuffer()],
    ["animated WebP", () => sharp(Buffer.alloc(8 * 16 * 3), { raw: { width: 8, height: 16, channels: 3, pageHeight: 8 } }).webp({ loop: 0, delay: [100, 100] }).toBuffer()],
  ])("%s becomes opaque RGB", async (_, make) => {
    const { format, channels, space } = await sharp(await decoder.decode(await make())).metadata();
    expect({ format, channels, space }).toEqual({ format: "png", channels: 3, space: "srgb" });
  });
});

describe("the part of a picture that is asked for", () => {
  const colours = async (bytes: Buffer, crop: { x: number; y: number; width: number; height: number }) => {
    const out = sharp(await decoder.decode(bytes, crop));
    const { width, height } = await out.metadata();
    return { size: [width, height], mean: (await out.stats()).channels.map(({ mean }) => Math.round(mean)) };
  };

  test("is cut in shares of its sides, before anything is made smaller", async () => {
    const bytes = await flag().png().toBuffer();
    expect(await colours(bytes, { x: 0, y: 0, width: 0.5, height: 1 })).toEqual({ size: [8, 8], mean: [255, 0, 0] });
    expect(await colours(bytes, { x: 0.5, y: 0.25, width: 0.25, height: 0.5 })).toEqual({ size: [4, 4], mean: [0, 0, 255] });
    const large = await flag().resize(4000, 2000, { kernel: "nearest", fit: "fill" }).png().toBuffer();
    expect(await colours(large, { x: 0.25, y: 0.25, width: 0.25, height: 0.5 })).toEqual({ size: [1000, 1000], mean: [255, 0, 0] });
  });

  test("is that of the upright picture, whatever way the camera was held", async () => {
    const turned = await sharp(await flag().png().toBuffer()).rotate(270).withMetadata({ orientation: 6 }).jpeg({ quality: 100, chromaSubsampling: "4:4:4" }).toBuffer();
    const { size, mean } = await colours(turned, { x: 0.75, y: 0, width: 0.25, height: 1 });
    expect(size).toEqual([4, 8]);
    expect(mean[2]).toBeGreaterThan(240);
    expect(mean[0]).toBeLessThan(15);
  });

  test("is one pixel at least, and never beyond the edge", async () => {
    const bytes = await flag().png().toBuffer();
    expect((await colours(bytes, { x: 0.999, y: 0.999, width: 0.001, height: 0.001 })).size).toEqual([1, 1]);
    expect((await colours(bytes, { x: 1, y: 1, width: 1e-9, height: 1e-9 })).size).toEqual([1, 1]);
    expect((await colours(bytes, { x: 0.1, y: 0.3, width: 0.9, height: 0.7 })).size).toEqual([14, 6]);
  });
});

test("a decoder that hangs is killed, and the next picture gets a new one", async () => {
  const impatient = createDecoder(1);
  const bytes = await flag().resize(4000, 4000, { fit: "fill" }).png().toBuffer();
  await expect(impatient.decode(bytes)).rejects.toMatchObject({ code: "invalid_image" });
  impatient.stop();
  expect(await refused(bytes)).toBe("accepted");
});
