/**
 * `node packages/training/src/stages/run-decoder.ts crops|full [steps] [threads]`: trains mini's decoder. Most of it on quarter
 * crops, which cost a quarter and hold the same edges and textures; then on whole pictures.
 */
import { join } from "node:path";
import { bindParams, deadiffSpec, MINI, ops, trace, vaeDecode, vaeEncode } from "@deadiff/core";
import type { HostTensor } from "@deadiff/core";
import { inlineRuntime } from "@deadiff/core/ort";
import { openWithWeights } from "../train/fed.ts";
import { randomStream } from "../data/random.ts";
import { finishedWeights, loadWeights } from "../train/checkpoint.ts";
import { MUON } from "../train/muon.ts";
import { ADAMW } from "../train/optimizer.ts";
import { train } from "../train/run.ts";
import { floats, latentSide, openMiniData, SIDE, stepNoise, stream, trainView } from "./data.ts";
import { loadLatents } from "./latents.ts";
import { RUNS_FOLDER, stopSignal } from "./runs.ts";
import { tileAt, writeSheet } from "./sheets.ts";
import { DECODER_NOISE, decoderObjective } from "./decoder.ts";

const stage = process.argv[2] === "full" ? "full" : "crops";
const steps = Number(process.argv[3] ?? (stage === "crops" ? 4000 : 400));
const [side, batchSize, peak] = stage === "crops" ? [SIDE / 2, 32, 1e-3] : [SIDE, 16, 2e-4];
const seed = 11;
const dataset = await openMiniData();
const view = trainView(dataset);

const pairs = { tasks: ["reconstruction"] as const, plainShare: 0.35 };
const latents = await loadLatents();
const shown = 16;
const look = stream(view, { ...pairs, seed: seed + 2, count: shown }, ({ target }) => ({ pixels: floats([shown, 3, SIDE, SIDE], target) }))(0);
const originals = (await look.next())["pixels"]?.data as Float32Array;
await look.close();

/** A crop of each picture, at a place of the grid of latents drawn from the step. */
function crops(pictures: Float32Array, step: number): Float32Array {
  const random = randomStream(seed, step);
  const out = new Float32Array(batchSize * 3 * side * side);
  const cell = SIDE / latentSide();
  for (let b = 0; b < batchSize; b++) {
    const [top, left] = [0, 0].map(() => cell * Math.floor(random() * ((SIDE - side) / cell + 1))) as [number, number];
    for (let c = 0; c < 3; c++) for (let y = 0; y < side; y++) {
      const from = ((b * 3 + c) * SIDE + top + y) * SIDE + left;
      out.set(pictures.subarray(from, from + side), ((b * 3 + c) * side + y) * side);
    }
  }
  return out;
}

/** Noise of a level of its own for each picture. */
function latentNoise(step: number): HostTensor {
  const latent = (latentSide() * side) / SIDE;
  const noise = stepNoise(seed, step, 1, [batchSize, MINI.vae.latentChannels, latent, latent]);
  const random = randomStream(seed, step, 0x4015e);
  const levels = Array.from({ length: batchSize }, () => DECODER_NOISE * random());
  const each = noise.data.length / batchSize;
  return floats(noise.dims, Float32Array.from(noise.data as Float32Array, (value, i) => value * (levels[Math.floor(i / each)] ?? 0)));
}

const runtime = await inlineRuntime({ threads: Number(process.argv[4] ?? 2) });
await train(runtime, {
  folder: join(RUNS_FOLDER, `decoder-${stage}`),
  identity: { objective: `decoder ${stage}`, config: JSON.stringify(MINI.vae), seed, data: dataset.hash },
  objective: decoderObjective(MINI, batchSize, side),
  config: { steps, batchSize, lr: { peak, warmup: 100, floor: 0.02 }, optimizer: { adamW: ADAMW, muon: MUON }, emaDecay: 0.998, checkpointMinutes: 4 },
  seed,
  initial: stage === "crops" ? latents : await loadWeights(join(RUNS_FOLDER, "decoder-crops")),
  batches: stream(view, { ...pairs, seed, count: batchSize }, ({ target }, step) => ({
    pixels: floats([batchSize, 3, side, side], side === SIDE ? target : crops(target, step)),
    noise: latentNoise(step),
  })),
  async sheet(state, file) {
    const graph = trace("look", { pixels: { shape: [shown, 3, SIDE, SIDE] } }, (x) => {
      const params = bindParams(deadiffSpec(MINI).vae, "vae");
      const latent = ops.slice(vaeEncode(params.encoder, MINI.vae, x.pixels), 1, 0, MINI.vae.latentChannels);
      return { latent, decoded: vaeDecode(params.decoder, MINI.vae, latent) };
    });
    const session = await openWithWeights(runtime, graph, finishedWeights(state));
    const out = await session.run({ pixels: floats([shown, 3, SIDE, SIDE], originals) });
    await session.close();
    const decoded = out["decoded"]?.data as Float32Array;
    const latent = out["latent"]?.data as Float32Array;
    const error = decoded.reduce((sum, v, i) => sum + (Math.max(-1, Math.min(1, v)) - (originals[i] ?? 0)) ** 2, 0) / decoded.length;
    const std = Math.sqrt(latent.reduce((s, v) => s + v * v, 0) / latent.length);
    console.log(`sheet: ${(10 * Math.log10(4 / error)).toFixed(2)} dB on ${shown} pictures, latents' root mean square ${std.toFixed(3)}`);
    await writeSheet(file, [["original", originals], ["decoded", decoded]].flatMap(([label, data]) => [0, 8].map((from) => ({
      label: label as string, tiles: Array.from({ length: 8 }, (_, i) => tileAt(data as Float32Array, from + i, SIDE)),
    }))), Array.from({ length: 8 }, () => ""));
  },
  signal: stopSignal(),
  log: (line) => console.log(line),
});
await runtime.close();
