/**
 * `node packages/training/src/stages/run-base.ts [steps] [threads] [decay] [replicas]`: trains mini's base text-to-image model into
 * runs/base. The learning rate falls in the last `decay` steps: a run that is to go on is stopped before, and taken up with more steps.
 * Replicas are processes side by side, each of so many threads.
 */
import { join } from "node:path";
import { bindParams, deadiffSpec, denoiser, gaussian, guide, initialWeights, listParams, MINI, ops, planSampling, trace, vaeDecode, vaeEncode } from "@deadiff/core";
import { inlineRuntime } from "@deadiff/core/ort";
import { randomStream } from "../data/random.ts";
import { finishedWeights } from "../train/checkpoint.ts";
import { loadLatents, pixelWeights } from "./latents.ts";
import { openWithWeights } from "../train/fed.ts";
import { MUON } from "../train/muon.ts";
import { ADAMW } from "../train/optimizer.ts";
import { train } from "../train/run.ts";
import type { TrainingState } from "../train/trainer.ts";
import { openBaseModel } from "./base-model.ts";
import { baseObjective } from "./base.ts";
import { drawTimesteps, encodeTexts, miniTokenizer, schedule } from "./conditions.ts";
import { floats, latentSide, MINI_VIEW, openMiniData, SIDE, stepNoise, stream, trainView } from "./data.ts";
import { RUNS_FOLDER, stopSignal } from "./runs.ts";
import { shippedWeights, stageWeights } from "./shipped.ts";
import { tileAt, writeSheet } from "./sheets.ts";

const steps = Number(process.argv[2] ?? 16000);
const decay = Number(process.argv[4] ?? Math.round(steps / 5));
const replicas = Number(process.argv[5] ?? 1);
const batchSize = 64;
const seed = 31;
const c = MINI;
const dataset = await openMiniData();
const { tokenizer } = await miniTokenizer(dataset.folder);
const view = trainView(dataset, MINI_VIEW);

// On a shared machine one thread does more for its processor time than two, which wait for each other.
const runtime = await inlineRuntime({ threads: Number(process.argv[3] ?? 2) });
const vae = await decoderWeights();
const encoders = await stageWeights("encoders");
const latent = latentSide();
const spec = deadiffSpec(c);
const encodeGraph = trace("encode", { pixels: { shape: [batchSize, 3, SIDE, SIDE] } }, ({ pixels }) => ({
  latent: ops.mul(ops.slice(vaeEncode(bindParams(spec.vae.encoder, "vae.encoder"), c.vae, pixels), 1, 0, c.vae.latentChannels), c.vae.scale),
}));
const encoder = await openWithWeights(runtime, encodeGraph, vae);

/** Prompts of the sheet: subjects of the short list in hands and treatments that were trained on. */
const PROMPTS = [
  "a dog face", "a mushroom, twemoji style", "a car, noto style", "a red apple", "a tree, pixel art", "a fish, watercolour", "a house, neon",
  "a cat face, fluent style", "a pizza, chalk", "a rocket", "a strawberry, halftone", "a bird, silhouette", "a sunflower", "a guitar", "an umbrella, oil painting", "a key, line drawing",
];
const SAMPLE_STEPS = 20;
const GUIDANCE = 3;

const objective = baseObjective(c, batchSize, latent, pixelWeights(await loadLatents()));
await train(runtime, {
  folder: join(RUNS_FOLDER, "base"),
  identity: { objective: "base", config: JSON.stringify([c.text, c.unet, c.prediction]), seed, data: dataset.hash },
  objective,
  config: { steps, batchSize, replicas, lr: { peak: 5e-4, warmup: 200, floor: 0.02, decay }, optimizer: { adamW: ADAMW, muon: MUON }, emaDecay: 0.998, checkpointMinutes: 8 },
  seed,
  initial: new Map([...encoders, ...(await shippedWeights(objective.parameters))]),
  batches: stream(view, { tasks: ["reconstruction"], plainShare: 0.35, seed, count: batchSize }, async ({ target, pairs }, step) => {
    const random = randomStream(seed, step, 0xd209);
    const { latent: x0 } = await encoder.run({ pixels: floats([batchSize, 3, SIDE, SIDE], target) });
    if (x0 === undefined) throw new TypeError("the encoder gave no latent");
    const texts = pairs.map((pair) => (random() < 0.1 ? "" : pair.target.caption.text));
    return {
      x0, eps: stepNoise(seed, step, 1, [batchSize, c.vae.latentChannels, latent, latent]), ...drawTimesteps(seed, step, batchSize),
      ids: encodeTexts(tokenizer, texts).ids,
    };
  }),
  sheet: drawPrompts,
  signal: stopSignal(),
  log: (line) => console.log(line),
});
await runtime.close();

/** The latest decoder; before there is one, the linear path alone (the network beside it starts at zero). */
async function decoderWeights(): Promise<ReadonlyMap<string, Float32Array>> {
  const parameters = listParams(deadiffSpec(MINI).vae, "vae");
  return new Map([
    ...initialWeights(parameters, 1), ...(await loadLatents()), ...(await shippedWeights(parameters)),
    ...(await stageWeights("decoder-crops")), ...(await stageWeights("decoder-full")), ...(await stageWeights("decoder-redrawn")),
  ]);
}

/** Samples every prompt with fixed noise from the averaged weights. */
async function drawPrompts(state: TrainingState, file: string): Promise<void> {
  const n = PROMPTS.length;
  const weights = new Map([...finishedWeights(state), ...vae]);
  const model = await openBaseModel(runtime, c, weights, { rows: 2 * n, side: latent });
  const size = c.unet.latentChannels * latent * latent;
  const { ids } = encodeTexts(tokenizer, [...PROMPTS, ...PROMPTS.map(() => "")]);
  const plan = planSampling(schedule, { sampler: "dpmpp_2m", steps: SAMPLE_STEPS });
  const denoise = denoiser(schedule, c.prediction, guide(async (xIn, t) => {
    const both = new Float32Array(2 * n * size);
    both.set(xIn);
    both.set(xIn, n * size);
    const prediction = await model.predict(both, t, ids);
    return [prediction.slice(n * size), prediction.slice(0, n * size)];
  }, { scale: GUIDANCE }));
  const start = Float32Array.from(gaussian(7n, 0, n * size), (value) => value * plan.startScale);
  const x = (await plan.sample(denoise, start, plan.sigmas)).map((value) => value * plan.endScale);
  await model.close();
  const decodeGraph = trace("decode", { latent: { shape: [n, c.vae.latentChannels, latent, latent] } }, ({ latent: z }) => ({
    pixels: vaeDecode(bindParams(spec.vae.decoder, "vae.decoder"), c.vae, ops.div(z, c.vae.scale)),
  }));
  const decoder = await openWithWeights(runtime, decodeGraph, vae);
  const pixels = (await decoder.run({ latent: floats([n, c.vae.latentChannels, latent, latent], x) }))["pixels"]?.data as Float32Array;
  await decoder.close();
  const columns = 8;
  await writeSheet(file, [0, 8].map((from) => ({ label: "", tiles: Array.from({ length: columns }, (_, i) => tileAt(pixels, from + i, SIDE)) })),
    Array.from({ length: columns }, (_, i) => `${PROMPTS[i] ?? ""} / ${PROMPTS[i + 8] ?? ""}`.slice(0, 24)));
}
