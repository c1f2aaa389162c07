import { DeadiffError } from "../errors.ts";
import { hostImage, isSide, type HostImage } from "./host-image.ts";

/** Coefficients are whole numbers of 2^-22: 32 bits less 8 of the pixel and 2 of head-room, as in Pillow. */
const precisionBits = 22;
const half = 1 << (precisionBits - 1);

/**
 * Resizes with Pillow's antialiased bicubic filter, equal to it byte for byte: the cubic convolution kernel with
 * a = -0.5, widened by the scale when shrinking, first along rows and then along columns, each pass rounded to 8 bits.
 * The aspect is not kept (see `fitImage`). Fails with `invalid_image` for a side that is no whole number > 0.
 *
 * Source: Keys (1981), "Cubic convolution interpolation for digital image processing"; Pillow 9.4, src/libImaging/Resample.c.
 */
export function resizeBicubic(image: HostImage, width: number, height: number): HostImage {
  if (!isSide(width) || !isSide(height)) throw new DeadiffError("invalid_image", `cannot resize to ${width} x ${height}`);
  const rows = width === image.width ? image : resizeRows(image, width);
  return height === rows.height ? rows : resizeColumns(rows, height);
}

/** For each output pixel: the first input pixel it reads, and its fixed-point weights (`size` of them, `taps` apart). */
type Kernel = { taps: number; first: Int32Array; size: Int32Array; weights: Int32Array };

function resizeRows(image: HostImage, width: number): HostImage {
  const { taps, first, size, weights } = kernel(image.width, width);
  const { data, height } = image;
  const out = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let at = 3 * (y * image.width + (first[x] as number));
      let r = half, g = half, b = half;
      const end = x * taps + (size[x] as number);
      for (let k = x * taps; k < end; k++, at += 3) {
        const weight = weights[k] as number;
        r = (r + Math.imul(weight, data[at] as number)) | 0; // sums stay below 2^31, and in integer registers
        g = (g + Math.imul(weight, data[at + 1] as number)) | 0;
        b = (b + Math.imul(weight, data[at + 2] as number)) | 0;
      }
      const to = 3 * (y * width + x);
      out[to] = clip8(r);
      out[to + 1] = clip8(g);
      out[to + 2] = clip8(b);
    }
  }
  return hostImage(width, height, out);
}

function resizeColumns(image: HostImage, height: number): HostImage {
  const { taps, first, size, weights } = kernel(image.height, height);
  const { data } = image;
  const stride = 3 * image.width;
  const out = new Uint8Array(stride * height);
  const sums = new Int32Array(stride);
  for (let y = 0; y < height; y++) {
    sums.fill(half);
    for (let k = 0; k < (size[y] as number); k++) {
      const weight = weights[y * taps + k] as number;
      const from = ((first[y] as number) + k) * stride;
      for (let i = 0; i < stride; i++) sums[i] = (sums[i] as number) + Math.imul(weight, data[from + i] as number);
    }
    for (let i = 0; i < stride; i++) out[y * stride + i] = clip8(sums[i] as number);
  }
  return hostImage(image.width, height, out);
}

const clip8 = (sum: number): number => Math.min(255, Math.max(0, sum >> precisionBits));

function kernel(inSize: number, outSize: number): Kernel {
  const scale = inSize / outSize;
  const stretch = Math.max(scale, 1);
  const support = 2 * stretch;
  const taps = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(outSize);
  const size = new Int32Array(outSize);
  const weights = new Int32Array(outSize * taps);
  for (let out = 0; out < outSize; out++) {
    const center = (out + 0.5) * scale;
    const from = Math.max(0, Math.trunc(center - support + 0.5));
    const to = Math.min(inSize, Math.trunc(center + support + 0.5));
    const exact = Array.from({ length: to - from }, (_, k) => cubic((k + from - center + 0.5) * (1 / stretch)));
    const sum = exact.reduce((total, weight) => total + weight, 0);
    first[out] = from;
    size[out] = to - from;
    exact.forEach((weight, k) => {
      weights[out * taps + k] = toFixed(sum === 0 ? weight : weight / sum);
    });
  }
  return { taps, first, size, weights };
}

/** Rounds to the nearest multiple of 2^-22, halves away from zero. */
const toFixed = (weight: number): number => Math.trunc(weight * (1 << precisionBits) + (weight < 0 ? -0.5 : 0.5));

/** The cubic convolution kernel with a = -0.5. */
function cubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
  return 0;
}
