import { hostImage, type HostImage } from "./host-image.ts";
import { resizeBicubic } from "./resize.ts";

/**
 * How a picture is brought to another shape: "stretch" ignores its aspect (what the method was trained with), "crop"
 * keeps the largest centred part that has the new aspect, "pad" keeps all of it on a white ground.
 */
export type ImageFit = "stretch" | "crop" | "pad";

/** Brings a picture to `width` x `height` pixels, resized by `resizeBicubic`. Fails with `invalid_image`. */
export function fitImage(image: HostImage, width: number, height: number, fit: ImageFit): HostImage {
  switch (fit) {
    case "stretch": return resizeBicubic(image, width, height);
    case "crop": return resizeBicubic(cropToAspect(image, width, height), width, height);
    case "pad": return padTo(image, width, height);
  }
}

function cropToAspect(image: HostImage, width: number, height: number): HostImage {
  const keptWidth = Math.min(image.width, side(image.height, width, height));
  const keptHeight = Math.min(image.height, side(image.width, height, width));
  const left = (image.width - keptWidth) >> 1;
  const top = (image.height - keptHeight) >> 1;
  const out = new Uint8Array(3 * keptWidth * keptHeight);
  for (let y = 0; y < keptHeight; y++) {
    const from = 3 * ((top + y) * image.width + left);
    out.set(image.data.subarray(from, from + 3 * keptWidth), 3 * keptWidth * y);
  }
  return hostImage(keptWidth, keptHeight, out);
}

function padTo(image: HostImage, width: number, height: number): HostImage {
  const inner = resizeBicubic(image, Math.min(width, side(height, image.width, image.height)), Math.min(height, side(width, image.height, image.width)));
  const left = (width - inner.width) >> 1;
  const top = (height - inner.height) >> 1;
  const out = new Uint8Array(3 * width * height).fill(255);
  for (let y = 0; y < inner.height; y++) out.set(inner.data.subarray(3 * inner.width * y, 3 * inner.width * (y + 1)), 3 * ((top + y) * width + left));
  return hostImage(width, height, out);
}

/** The side that goes with `other` in the aspect `along : across`, at least one pixel. */
const side = (other: number, along: number, across: number): number => Math.max(1, Math.round((other * along) / across));
