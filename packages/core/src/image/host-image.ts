import { DeadiffError } from "../errors.ts";

/** An sRGB picture in memory: 8 bits a channel, row after row, red, green, blue, without alpha. */
export type HostImage = { readonly width: number; readonly height: number; readonly channels: 3; readonly data: Uint8Array };

/** A picture over `data`, which must be `3 * width * height` bytes. Fails with `invalid_image`. */
export function hostImage(width: number, height: number, data: Uint8Array): HostImage {
  if (!isSide(width) || !isSide(height) || data.length !== 3 * width * height) {
    throw new DeadiffError("invalid_image", `a picture of ${width} x ${height} takes ${3 * width * height} bytes, got ${data.length}`);
  }
  return { width, height, channels: 3, data };
}

/** Whether `pixels` can be the side of a picture: a whole number > 0. */
export const isSide = (pixels: number): boolean => Number.isSafeInteger(pixels) && pixels > 0;
