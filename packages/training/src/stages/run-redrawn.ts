/**
 * `node packages/training/src/stages/run-redrawn.ts [steps] [threads]`: goes on with mini's decoder, over the trained base model, into
 * runs/decoder-redrawn. Latents are what the model makes of pictures that it draws again, answers are the pictures: so the
 * decoder learns what the model gets wrong near edges.
 */
import { join } from "node:path";
import { bindParams, deadiffSpec, MINI, ops, trace, vaeDecode, vaeEncode } from "@deadiff/core";
import type { HostTensor } from "@deadiff/core";
import { inlineRuntime } from "@deadiff/core/ort";
import type { Batch } from "../data/batches/batches.ts";
import { networkWeights } from "../methods/train-method.ts";
import { finishedWeights } from "../train/checkpoint.ts";
import { openWithWeights } from "../train/fed.ts";
import { MUON } from "../train/muon.ts";
import { ADAMW } from "../train/optimizer.ts";
import { train } from "../train/run.ts";
import type { TrainingState } from "../train/trainer.ts";
import { openBaseModel } from "./base-model.ts";
import { encodeTexts, miniTokenizer } from "./conditions.ts";
import { floats, latentSide, MINI_VIEW, openMiniData, SIDE, stream, trainView } from "./data.ts";
import { decoderObjective } from "./decoder.ts";
import { redraw } from "./redraw.ts";
import { RUNS_FOLDER, stopSignal } from "./runs.ts";
import { tileAt, writeSheet } from "./sheets.ts";

const [steps = "6000", threads = "2"] = process.argv.slice(2);
const seed = 13;
const batchSize = 8;
const c = MINI;
const dataset = await openMiniData();
const { tokenizer } = await miniTokenizer(dataset.folder);
const view = trainView(dataset, MINI_VIEW);
const pairs = { tasks: ["reconstruction"] as const, plainShare: 0.35, count: batchSize };

const runtime = await inlineRuntime({ threads: Number(threads) });
const weights = await networkWeights();
const base = await openBaseModel(runtime, c, weights, { rows: batchSize, side: latentSide() });
const pictures = [batchSize, 3, SIDE, SIDE];
const latents = [batchSize, c.vae.latentChannels, latentSide(), latentSide()];
const encoder = await openWithWeights(runtime, trace("encode", { pixels: { shape: pictures } }, ({ pixels }) => ({
  mean: ops.slice(vaeEncode(bindParams(deadiffSpec(c).vae.encoder, "vae.encoder"), c.vae, pixels), 1, 0, c.vae.latentChannels),
})), weights);

/** Pictures, their latents before `scale`, and what the model changed in those. */
async function redrawn({ target, pairs: drawn }: Batch<"train">, how: { step: number; sigma?: number }): Promise<Record<"pixels" | "mean" | "noise", HostTensor>> {
  const pixels = floats(pictures, target);
  const mean = (await encoder.run({ pixels }))["mean"]?.data as Float32Array;
  const { ids } = encodeTexts(tokenizer, drawn.map((pair) => pair.target.caption.text));
  const made = await redraw(c, base.predict, mean.map((value) => value * c.vae.scale), ids, { seed, ...how });
  return { pixels, mean: floats(latents, mean), noise: floats(latents, made.map((value, i) => value / c.vae.scale - (mean[i] ?? 0))) };
}

/** The pictures of every sheet, drawn again from little noise and from much. */
const shown = await Promise.all([0.5, 1.5].map(async (sigma) => {
  const look = stream(view, { ...pairs, seed: seed + 1 }, (batch) => redrawn(batch, { step: 0, sigma }))(0);
  const fed = await look.next();
  await look.close();
  return { sigma, fed };
}));

await train(runtime, {
  folder: join(RUNS_FOLDER, "decoder-redrawn"),
  identity: { objective: "decoder redrawn", config: JSON.stringify(c.vae), seed, data: dataset.hash },
  objective: decoderObjective(c, batchSize, SIDE),
  config: { steps: Number(steps), batchSize, lr: { peak: 5e-4, warmup: 100, floor: 0.02 }, optimizer: { adamW: ADAMW, muon: MUON }, emaDecay: 0.998, checkpointMinutes: 4 },
  seed,
  initial: weights,
  batches: stream(view, { ...pairs, seed }, async (batch, step) => {
    const { pixels, noise } = await redrawn(batch, { step });
    return { pixels, noise };
  }),
  sheet: drawSheet,
  signal: stopSignal(),
  log: (line) => console.log(line),
});
await runtime.close();

/** Beside each other: pictures, and what the decoder as this command found it and the decoder now make of the redrawn latents. */
async function drawSheet(state: TrainingState, file: string): Promise<void> {
  const decode = async (using: ReadonlyMap<string, Float32Array>, { mean, noise }: Record<string, HostTensor>): Promise<Float32Array> => {
    const decoder = await openWithWeights(runtime, trace("look", { latent: { shape: latents } }, ({ latent }) => ({
      pixels: vaeDecode(bindParams(deadiffSpec(c).vae.decoder, "vae.decoder"), c.vae, latent),
    })), using);
    const sum = floats(latents, Float32Array.from(mean?.data as Float32Array, (value, i) => value + Number(noise?.data[i] ?? 0)));
    const { pixels } = await decoder.run({ latent: sum });
    await decoder.close();
    return pixels?.data as Float32Array;
  };
  const now = new Map([...weights, ...finishedWeights(state)]);
  const rows: [string, Float32Array][] = [["picture", shown[0]?.fed["pixels"]?.data as Float32Array]];
  for (const { sigma, fed } of shown) rows.push([`before, ${String(sigma)}`, await decode(weights, fed)], [`now, ${String(sigma)}`, await decode(now, fed)]);
  await writeSheet(file, rows.map(([label, data]) => ({ label, tiles: Array.from({ length: batchSize }, (_, i) => tileAt(data, i, SIDE)) })), Array.from({ length: batchSize }, () => ""));
}
