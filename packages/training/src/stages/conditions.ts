/** What the stages feed besides pictures: token ids, reference pixels, timesteps. */
import { createWordTokenizer, makeSchedule, betas, MINI, SD_BETAS } from "@deadiff/core";
import type { HostTensor, Tokenizer } from "@deadiff/core";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { randomStream } from "../data/random.ts";
import { floats, ids } from "./data.ts";

/** Mini's tokenizer over a dataset's vocabulary. */
export async function miniTokenizer(datasetFolder: string): Promise<{ tokenizer: Tokenizer; words: string[] }> {
  const words = (await readFile(join(datasetFolder, "vocabulary.txt"), "utf8")).split("\n").filter(Boolean);
  return { tokenizer: createWordTokenizer({ words, contextLength: MINI.text.context }), words };
}

/** Ids of texts and where each ends. */
export function encodeTexts(tokenizer: Tokenizer, texts: readonly string[]): { ids: HostTensor; end: HostTensor } {
  const length = tokenizer.contextLength;
  const encoded = texts.map((text) => tokenizer.encode(text).ids);
  const endId = 2;
  const end = new Float32Array(texts.length * length);
  encoded.forEach((row, i) => { end[i * length + row.indexOf(endId)] = 1; });
  return { ids: ids([texts.length, length], encoded.flat()), end: floats([texts.length, length, 1], end) };
}

/** CLIP's channel means and standard deviations of pixels in 0..1. */
const MEAN = [0.48145466, 0.4578275, 0.40821073];
const STD = [0.26862954, 0.26130258, 0.27577711];

/** Pictures as the vision encoder takes them: box-averaged by a whole factor, CLIP-normalised. @param pixels -1..1 [B, 3, S, S] */
export function referencePixels(pixels: Float32Array, count: number, side: number, to: number): HostTensor {
  const step = side / to;
  const out = new Float32Array(count * 3 * to * to);
  for (let plane = 0; plane < count * 3; plane++) {
    const [mean, std] = [MEAN[plane % 3] ?? 0, STD[plane % 3] ?? 1];
    for (let y = 0; y < to; y++) for (let x = 0; x < to; x++) {
      let total = 0;
      for (let v = 0; v < step; v++) for (let u = 0; u < step; u++) total += pixels[(plane * side + y * step + v) * side + x * step + u] ?? 0;
      out[(plane * to + y) * to + x] = ((total / (step * step) + 1) / 2 - mean) / std;
    }
  }
  return floats([count, 3, to, to], out);
}

export const schedule = makeSchedule(betas(SD_BETAS));

/**
 * Timesteps of a batch: the logistic of a normal deviate (Esser et al. 2024, arXiv:2403.03206, 3.1), which spends samples
 * where shape and colour are decided (latents' coarsest channel has a deviation of 2.3, and a subject covers many positions, so
 * that is at high noise), with a tenth drawn uniformly so that no step is never seen; or all uniformly.
 */
export function drawTimesteps(seed: number, step: number, count: number, { uniform = false } = {}): { timestep: HostTensor; a: HostTensor; s: HostTensor } {
  const random = randomStream(seed, step, 0x7135);
  const t = Array.from({ length: count }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const u = random() < (uniform ? 1 : 0.1) ? random() : 1 / (1 + Math.exp(-(0.8 + 1.1 * normal)));
    return Math.min(999, Math.floor(u * 1000));
  });
  const bars = t.map((i) => schedule.alphaBar[i] ?? 0);
  return {
    timestep: floats([count], Float32Array.from(t)),
    a: floats([count], Float32Array.from(bars, Math.sqrt)),
    s: floats([count], Float32Array.from(bars, (bar) => Math.sqrt(1 - bar))),
  };
}
