import sharp from "sharp";
import { DeadiffError } from "../errors.ts";
import type { HostImage } from "../image/host-image.ts";
import { readPngText, withPngText } from "./png-text.ts";

/** The keyword under which a PNG holds what it was made with. */
const keyword = "deadiff";

/** Encodes a picture as PNG, with `parameters` (anything JSON can hold) in a text chunk where they are given. */
export async function encodePng({ width, height, channels, data }: HostImage, parameters?: unknown): Promise<Uint8Array<ArrayBuffer>> {
  const png = await sharp(data, { raw: { width, height, channels } }).png().toBuffer();
  return parameters === undefined ? new Uint8Array(png) : withPngText(png, keyword, JSON.stringify(parameters));
}

/**
 * The parameters that `encodePng` put into a PNG, or undefined where there are none. Whoever sent the file wrote them:
 * the value is any JSON and must be parsed by a schema. Fails with `invalid_image`.
 */
export function readPngParameters(png: Uint8Array): unknown {
  const text = readPngText(png, keyword);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DeadiffError("invalid_image", `the text ${keyword} of the PNG is not JSON`, { cause });
  }
}
