// The process that opens strangers' pictures. It holds no secret, and is killed when it takes too long or too much.
import { LIMITS } from "@deadiff/schemas/contracts";
import { regionOf } from "@deadiff/schemas/region";
import sharp from "sharp";
import type { DecodeAnswer, DecodeRequest, FromDecoder } from "./decode.ts";

sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({ operation: ["VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadWebp"] });
sharp.cache(false);
sharp.concurrency(1);

// Larger than any encoder's input; a reference keeps no more than this.
const SIDE_MAX_PX = 1024;

const decode = async ({ bytes, crop }: DecodeRequest): Promise<DecodeAnswer> => {
  let upright;
  try {
    const { format, width, height, autoOrient } = await sharp(bytes, { limitInputPixels: LIMITS.imagePixels }).metadata();
    if (format !== "jpeg" && format !== "png" && format !== "webp") return { ok: false, code: "unsupported_format" };
    if (width > LIMITS.imageSidePx || height > LIMITS.imageSidePx || width * height > LIMITS.imagePixels) return { ok: false, code: "image_too_large" };
    upright = autoOrient;
  } catch (error) {
    const text = String(error);
    if (text.includes("exceeds pixel limit")) return { ok: false, code: "image_too_large" };
    return { ok: false, code: text.includes("unsupported image format") || text.includes("blocked") ? "unsupported_format" : "invalid_image" };
  }
  try {
    // By the camera's note first: the note itself does not outlive this line.
    const whole = sharp(bytes, { limitInputPixels: LIMITS.imagePixels, failOn: "error", pages: 1 }).autoOrient();
    const png = await (crop === undefined ? whole : whole.extract(regionOf(crop, upright)))
      .resize({ width: SIDE_MAX_PX, height: SIDE_MAX_PX, fit: "inside", withoutEnlargement: true })
      .flatten({ background: "white" })
      .toColourspace("srgb")
      .png({ compressionLevel: 1 })
      .toBuffer();
    return { ok: true, png };
  } catch {
    return { ok: false, code: "invalid_image" };
  }
};

process.once("disconnect", () => process.exit(0));
process.on("message", (request: DecodeRequest) => {
  void decode(request).then((answer) => process.send?.({ id: request.id, answer } satisfies FromDecoder));
});
process.send?.({ ready: true } satisfies FromDecoder);
