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

/** Subjects that training starts with, by code point: common ones of distinct shapes. A model that draws these well widens to more. */
export const FIRST_SUBJECTS: readonly string[] = [
  "1f436", "1f431", "1f430", "1f98a", "1f43b", "1f43c", "1f437", "1f438", "1f418", "1f427", "1f989", "1f986", "1f422", "1f40d", "1f433", "1f42c",
  "1f41f", "1f420", "1f419", "1f980", "1f40c", "1f98b", "1f41d", "1f41e", "1f480", "1f47b", "1f47d", "1f916", "1f339", "1f33b", "1f337", "1f332",
  "1f333", "1f334", "1f335", "1f340", "1f341", "1f344", "1f347", "1f349", "1f34b", "1f34c", "1f34d", "1f34e", "1f350", "1f352", "1f353", "1f951",
  "1f955", "1f354", "1f355", "1f366", "1f369", "1f36a", "1f382", "1f36d", "2615", "1f377", "1f37a", "1f30b", "26f0", "1f3e0", "1f3f0", "26ea",
  "26fa", "1f68c", "1f697", "1f69a", "1f6b2", "2693", "26f5", "1f6a2", "2708", "1f680", "231b", "1f319", "2b50", "2601", "1f308", "2602", "26a1",
  "2744", "26c4", "1f525", "1f4a7", "1f383", "1f384", "1f388", "1f381", "1f3c6", "26bd", "1f451", "1f3a9", "1f48e", "1f514", "1f3b5", "1f3b8",
  "1f3a4", "1f941", "1f4f7", "1f4a1", "1f4d6", "2709", "1f511", "1f512", "1f528", "1f6e1", "2699", "2764",
];

/** What the mini model is trained on, but for its autoencoder, which sees everything until its last stage. */
export const MINI_VIEW: ViewOptions = { subjects: FIRST_SUBJECTS, treatments: FIRST_TREATMENTS };

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
