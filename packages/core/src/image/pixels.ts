import { DeadiffError } from "../errors.ts";
import type { HostTensor } from "../session.ts";
import { hostImage, type HostImage } from "./host-image.ts";

/** Mean and standard deviation, by channel, of CLIP's training pictures on 0..1. Source: Radford et al. (2021), arXiv:2103.00020, released preprocessing. */
const clipMean = [0.48145466, 0.4578275, 0.40821073] as const;
const clipStd = [0.26862954, 0.26130258, 0.27577711] as const;

type Float32Tensor = Extract<HostTensor, { dtype: "float32" }>;

/** The picture as CLIP's encoder takes it: `(x / 255 - mean) / std` by channel. `// [1, 3, H, W]` */
export const clipPixels = (image: HostImage): Float32Tensor =>
  planes(image, (byte, channel) => (byte / 255 - clipMean[channel]) / clipStd[channel]);

/** The picture on -1..1, as the autoencoder takes it: `x / 127.5 - 1`. `// [1, 3, H, W]` */
export const pixelsSigned = (image: HostImage): Float32Tensor => planes(image, (byte) => byte / 127.5 - 1);

function planes({ width, height, data }: HostImage, value: (byte: number, channel: 0 | 1 | 2) => number): Float32Tensor {
  const area = width * height;
  const out = new Float32Array(3 * area);
  for (const channel of [0, 1, 2] as const) {
    const table = Float32Array.from({ length: 256 }, (_, byte) => value(byte, channel));
    for (let i = 0; i < area; i++) out[channel * area + i] = table[data[3 * i + channel] as number] as number;
  }
  return { dtype: "float32", dims: [1, 3, height, width], data: out };
}

/**
 * The pictures in pixels on -1..1 `// [B, 3, H, W]`, values beyond clipped, rounded to the nearest byte.
 * Fails with `tensor_wrong_size` for another shape and with `pixels_not_finite` where a pixel is NaN.
 */
export function imagesFromSigned(tensor: HostTensor): HostImage[] {
  const [batch = 0, channels, height = 0, width = 0] = tensor.dims;
  if (tensor.dtype !== "float32" || tensor.dims.length !== 4 || channels !== 3 || tensor.data.length !== batch * 3 * height * width) {
    throw new DeadiffError("tensor_wrong_size", `pixels must be float32 [B, 3, H, W], got ${tensor.dtype} [${tensor.dims.join(", ")}]`);
  }
  const pixels = tensor.data;
  const area = width * height;
  let numbers = 0; // counted in the one loop over all: a call per pixel takes as long as the rest
  const images = Array.from({ length: batch }, (_, index) => {
    const out = new Uint8ClampedArray(3 * area); // clips and rounds on assignment
    for (let channel = 0; channel < 3; channel++) {
      const from = (3 * index + channel) * area;
      for (let i = 0; i < area; i++) {
        const value = pixels[from + i] as number;
        if (!Number.isNaN(value)) numbers++;
        out[3 * i + channel] = (value + 1) * 127.5;
      }
    }
    return hostImage(width, height, new Uint8Array(out.buffer));
  });
  if (numbers < pixels.length) throw new DeadiffError("pixels_not_finite", "the decoded picture has pixels that are not numbers");
  return images;
}
