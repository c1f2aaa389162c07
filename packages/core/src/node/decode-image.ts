import sharp, { type Metadata } from "sharp";
import { DeadiffError } from "../errors.ts";
import { hostImage, type HostImage } from "../image/host-image.ts";

/** What a picture from outside may cost. */
export type ImageLimits = { maxBytes: number; maxPixels: number; maxSeconds: number };

const defaultLimits: ImageLimits = { maxBytes: 50 << 20, maxPixels: 40_000_000, maxSeconds: 20 };

/**
 * Decodes a JPEG, PNG or WebP picture: turned upright by its EXIF orientation, colours converted from its profile to
 * sRGB, transparency laid on white, the first frame of an animation. The bytes are not trusted: their format is told
 * by the first bytes before any decoder sees them, and the size before any pixel is decoded.
 * Fails with `unsupported_format`, `image_too_large` or `invalid_image` (truncated, damaged, empty).
 */
export async function decodeImage(bytes: Uint8Array, limits: ImageLimits = defaultLimits): Promise<HostImage> {
  if (bytes.length === 0) throw new DeadiffError("invalid_image", "the picture is empty");
  if (bytes.length > limits.maxBytes) throw new DeadiffError("image_too_large", `the picture has ${bytes.length} bytes, the limit is ${limits.maxBytes}`);
  if (imageFormat(bytes) === undefined) throw new DeadiffError("unsupported_format", "the file is not a JPEG, PNG or WebP picture");
  // Reads the header alone, without a limit of its own, so that a large picture can be told from a damaged one.
  requireSize(await sharp(bytes, { limitInputPixels: false }).metadata().catch(refuse), limits);
  const { data, info } = await sharp(bytes, { failOn: "error", limitInputPixels: limits.maxPixels, sequentialRead: true })
    .autoOrient()
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .timeout({ seconds: limits.maxSeconds })
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true })
    .catch(refuse);
  if (info.channels !== 3) throw new DeadiffError("invalid_image", `the picture decodes to ${info.channels} channels`);
  return hostImage(info.width, info.height, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** The format that a file's first bytes announce, of those that are decoded. */
function imageFormat(bytes: Uint8Array): "jpeg" | "png" | "webp" | undefined {
  const starts = (at: number, magic: readonly number[]): boolean => magic.every((byte, i) => bytes[at + i] === byte);
  if (starts(0, [0xff, 0xd8, 0xff])) return "jpeg";
  if (starts(0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return "png";
  if (starts(0, [0x52, 0x49, 0x46, 0x46]) && starts(8, [0x57, 0x45, 0x42, 0x50])) return "webp";
  return undefined;
}

function requireSize({ width, height }: Metadata, { maxPixels }: ImageLimits): void {
  if (width * height > maxPixels) throw new DeadiffError("image_too_large", `the picture has ${width} x ${height} pixels, the limit is ${maxPixels} in all`);
}

const refuse = (cause: unknown): never => {
  throw new DeadiffError("invalid_image", `the picture cannot be decoded: ${cause instanceof Error ? cause.message.trim() : String(cause)}`, { cause });
};
