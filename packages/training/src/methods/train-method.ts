import { bindParams, DeadiffError, deadiffSpec, listParams, MINI, ops, textEncoder, trace, trainedParams, vaeEncode, visionEncoder } from "@deadiff/core";
import { inlineRuntime } from "@deadiff/core/ort";
import { randomStream } from "../data/random.ts";
import { drawTimesteps, encodeTexts, miniTokenizer, referencePixels } from "../stages/conditions.ts";
import { floats, latentSide, MINI_VIEW, openMiniData, SIDE, stepNoise, stream, trainView } from "../stages/data.ts";
import { copyTextProjections, deadiffObjective } from "../stages/deadiff.ts";
import { loadLatents, pixelWeights } from "../stages/latents.ts";
import { stopSignal } from "../stages/runs.ts";
import { shippedWeights, stageWeights } from "../stages/shipped.ts";
import { finishedWeights } from "../train/checkpoint.ts";
import { openWithWeights } from "../train/fed.ts";
import { MUON } from "../train/muon.ts";
import { ADAMW } from "../train/optimizer.ts";
import { train } from "../train/run.ts";
import type { Weights } from "../train/trainer.ts";
import { conditionBatch, tasksOf } from "./condition.ts";
import { conditionFeeds } from "./feeds.ts";
import { methodConfig } from "./method.ts";
import type { Method } from "./method.ts";
import { drawMethodSheet } from "./sheet.ts";

const SEED = 41;

/** How long and on how much at once a method is trained, where its run is kept, and what it starts from beside the base. */
export type Budget = { readonly steps: number; readonly batchSize: number; readonly folder: string; readonly threads?: number; readonly initial?: Weights };

/**
 * Trains a method over mini's frozen base, or goes on with it; SIGINT and SIGTERM end it after a checkpoint. Every method
 * has the same seed, pictures and schedule. What is frozen and read once a sample (latents, vision and text tokens) is
 * computed outside the step, forward alone.
 *
 * @throws DeadiffError `stage_missing` where the base model is not trained yet
 */
export async function trainMethod(method: Method, { steps, batchSize, folder, threads = 2, initial = new Map() }: Budget): Promise<void> {
  const c = methodConfig(MINI, method);
  const dataset = await openMiniData();
  const { tokenizer } = await miniTokenizer(dataset.folder);
  const view = trainView(dataset, MINI_VIEW);
  const signal = stopSignal();

  const latent = latentSide();
  const spec = deadiffSpec(c);
  const objective = deadiffObjective(c, batchSize, latent, pixelWeights(await loadLatents()));
  const base = await frozenWeights();
  const missing = objective.parameters.filter(({ name }) => !name.startsWith("image.") && !objective.trained.has(name) && !base.has(name));
  if (missing.length > 0) throw new DeadiffError("stage_missing", `${missing.length} weights of the base model are in no run and in no shipped model: train it with run-base.ts first`);
  const frozen = new Map([...base, ...(await loadLatents())]);

  const runtime = await inlineRuntime({ threads });
  const encode = await openWithWeights(runtime, trace("frozen", {
    pixels: { shape: [batchSize, 3, SIDE, SIDE] },
    image: { shape: [batchSize, 3, c.vision.imageSize, c.vision.imageSize] },
    ids: { shape: [batchSize, c.text.context], dtype: "int64" },
  }, (x) => ({
    x0: ops.mul(ops.slice(vaeEncode(bindParams(spec.vae.encoder, "vae.encoder"), c.vae, x.pixels), 1, 0, c.vae.latentChannels), c.vae.scale),
    vision: visionEncoder(bindParams(spec.image.style.vision, "image.style.vision"), c.vision, x.image),
    text: textEncoder(bindParams(spec.text, "text"), c.text, x.ids),
  })), frozen);

  try {
    await train(runtime, {
      folder,
      identity: { objective: method.name, config: JSON.stringify(c), seed: SEED, data: dataset.hash },
      objective,
      config: { steps, batchSize, lr: { peak: 5e-4, warmup: 200, floor: 0.05 }, optimizer: { adamW: ADAMW, muon: MUON }, emaDecay: 0.998, checkpointMinutes: 8 },
      seed: SEED,
      initial: new Map([...frozen, ...copyTextProjections(base), ...initial]),
      batches: stream(view, { tasks: tasksOf(method), plainShare: 0.35, seed: SEED, count: batchSize }, async ({ reference, target, pairs }, step) => {
        const random = randomStream(SEED, step, 0xd40b);
        const asked = conditionBatch(method, pairs, random);
        const tokens = await encode.run({
          pixels: floats([batchSize, 3, SIDE, SIDE], target),
          image: referencePixels(reference, batchSize, SIDE, c.vision.imageSize),
          ids: encodeTexts(tokenizer, asked.map(({ text }) => text)).ids,
        });
        return {
          ...tokens, eps: stepNoise(SEED, step, 1, [batchSize, c.vae.latentChannels, latent, latent]), ...drawTimesteps(SEED, step, batchSize),
          ...conditionFeeds(c, asked, random),
        };
      }),
      sheet: async (state, file) => drawMethodSheet(runtime, c, new Map([...(await networkWeights()), ...finishedWeights(state)]), file),
      signal,
      log: (line) => console.log(line),
    });
  } finally {
    await runtime.close();
  }
}

/** All weights that a method's own go with: what it builds on, and this machine's decoder, else the shipped one. */
export const networkWeights = async (): Promise<Weights> =>
  new Map([...(await frozenWeights()), ...(await stageWeights("decoder-crops")), ...(await stageWeights("decoder-full")), ...(await stageWeights("decoder-redrawn"))]);

/**
 * What methods build on: vision encoder, text and U-Net, of this machine's runs, else as shipped. The shipped image side is
 * DEADiff's own and is left out, or the budgets would differ.
 */
export async function frozenWeights(): Promise<ReadonlyMap<string, Float32Array>> {
  const trained = new Set(trainedParams(MINI));
  const shipped = await shippedWeights(listParams(deadiffSpec(MINI)).filter(({ name }) => !trained.has(name)));
  const [encoders, base, align] = [await stageWeights("encoders"), await stageWeights("base"), await stageWeights("align")];
  const vision = [...align].filter(([name]) => name.includes(".vision."));
  // A shipped U-Net goes with the shipped text encoder, whatever encoders were trained here since.
  return new Map([...(base.size === 0 ? [...encoders, ...shipped] : [...shipped, ...encoders, ...base]), ...vision]);
}
