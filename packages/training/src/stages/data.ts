import { join } from "node:path";
import { gaussian, MINI } from "@deadiff/core";
import type { HostTensor } from "@deadiff/core";
import { createBatches } from "../data/batches/batches.ts";
import type { Batch } from "../data/batches/batches.ts";
import { openDataset } from "../data/dataset/read.ts";
import type { Dataset } from "../data/dataset/read.ts";
import { DATA_FOLDER } from "../data/paths.ts";
import type { PairOptions } from "../data/pairs.ts";
import type { TreatmentId } from "../data/treatments/table.ts";
import { viewOf } from "../data/view.ts";
import type { Part, View, ViewOptions } from "../data/view.ts";

/** Side of mini's pictures, pixels. */
export const SIDE = 128;

export const openMiniData = (): Promise<Dataset> => openDataset(join(DATA_FOLDER, "emoji"), { size: SIDE });

/** Treatments that training starts with: those whose pictures the latents hold well; fine textures come later. */
export const FIRST_TREATMENTS: readonly TreatmentId[] = [
  "plain", "gradient", "badge", "sticker", "duotone", "pop-art", "thermal", "x-ray", "moonlight", "neon", "line-drawing", "silhouette", "watercolour",
  "paper-cut", "clay", "pixel-art",
];

/** What the mini model is trained on. */
export const trainView = (dataset: Dataset, options: ViewOptions = {}): View<"train"> => viewOf(dataset, "train", options);

export const floats = (dims: readonly number[], data: Float32Array): HostTensor => ({ dtype: "float32", dims, data });
export const ids = (dims: readonly number[], data: readonly number[]): HostTensor => ({ dtype: "int64", dims, data: BigInt64Array.from(data, BigInt) });

/** Noise number `draw` of a step: the same in every run of the seed. */
export function stepNoise(seed: number, step: number, draw: number, dims: readonly number[]): HostTensor {
  return floats(dims, gaussian(BigInt(seed) + (BigInt(draw) << 32n), step, dims.reduce((n, d) => n * d, 1)));
}

/** Batches of a view as a run wants them: from any step on, mapped to feeds. */
export function stream<P extends Part>(
  view: View<P>,
  options: PairOptions & { seed: number; count: number },
  feeds: (batch: Batch<P>, step: number) => Promise<Record<string, HostTensor>> | Record<string, HostTensor>,
) {
  return (fromStep: number) => {
    const batches = createBatches(view, { ...options, from: fromStep * options.count, threads: 1, ahead: 2 });
    let step = fromStep;
    return {
      async next(): Promise<Record<string, HostTensor>> {
        return feeds(await batches.next(), step++);
      },
      close: () => batches.close(),
    };
  };
}

/** Latent side of mini's pictures. */
export const latentSide = (): number => SIDE / (MINI.vae.patch * 2 ** (MINI.vae.multipliers.length - 1));
