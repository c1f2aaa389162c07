import { DeadiffError } from "../errors.ts";
import { hostImage } from "../image/host-image.ts";
import type { HostImage } from "../image/host-image.ts";

/** A linear guess of the decoder: pixels on -1..1 = latent channels times `factors` plus `bias`. */
export type PreviewMatrix = {
  /** One row of red, green and blue per channel of the scaled latent. */
  readonly factors: readonly (readonly [number, number, number])[];
  readonly bias: readonly [number, number, number];
};

/**
 * Stable Diffusion 1.5's latents (scaled by 0.18215) to colours.
 *
 * Source: a least-squares fit shared by keturn and torridgristle, "Decoding latents to RGB without upscaling",
 * discuss.huggingface.co/t/23204, as InvokeAI's progress images use it.
 */
export const SD15_PREVIEW: PreviewMatrix = {
  factors: [[0.3444, 0.1385, 0.067], [0.1247, 0.4027, 0.1494], [-0.3192, 0.2513, 0.2103], [-0.1307, -0.1874, -0.7445]],
  bias: [0, 0, 0],
};

/**
 * Small pictures of latents, one pixel per latent position: what a step's result looks like, without the decoder.
 *
 * @param latents scaled, clean [B, C, h, w]
 * @throws DeadiffError `preview_shape` where the latents have another number of channels than the matrix
 */
export function previewImages({ factors, bias }: PreviewMatrix, latents: Float32Array, { height, width }: { height: number; width: number }): HostImage[] {
  const area = height * width;
  const perImage = factors.length * area;
  if (latents.length === 0 || latents.length % perImage !== 0) {
    throw new DeadiffError("preview_shape", `latents of ${latents.length} numbers are not [B, ${factors.length}, ${height}, ${width}]`);
  }
  return Array.from({ length: latents.length / perImage }, (_, image) => {
    const out = new Uint8ClampedArray(3 * area); // clips and rounds on assignment
    for (let i = 0; i < area; i++) {
      const colour: [number, number, number] = [...bias];
      for (const [channel, row] of factors.entries()) {
        const value = latents[image * perImage + channel * area + i] ?? 0;
        colour[0] += value * row[0];
        colour[1] += value * row[1];
        colour[2] += value * row[2];
      }
      for (const c of [0, 1, 2] as const) out[3 * i + c] = (colour[c] + 1) * 127.5;
    }
    return hostImage(width, height, new Uint8Array(out.buffer));
  });
}
