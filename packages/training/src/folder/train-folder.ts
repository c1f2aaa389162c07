import { join } from "node:path";
import { deadiffConfigSchema, latentMultiple, vaeFactor } from "@deadiff/core";
import type { HostTensor } from "@deadiff/core";
import { float32Values, modelWeights, openBundle, openModel, openSafetensorsFile, sha256OfFile } from "@deadiff/core/node";
import { inlineRuntime } from "@deadiff/core/ort";
import { randomStream } from "../data/random.ts";
import { conditionBatch } from "../methods/condition.ts";
import { conditionFeeds } from "../methods/feeds.ts";
import { METHODS } from "../methods/methods.ts";
import { writeTrainedBundle } from "../methods/trained-bundle.ts";
import { drawTimesteps } from "../stages/conditions.ts";
import { floats, stepNoise } from "../stages/data.ts";
import { copyTextProjections, deadiffObjective, visionInputs } from "../stages/deadiff.ts";
import { ADAMW } from "../train/optimizer.ts";
import type { Objective } from "../train/objective.ts";
import { finishedWeights } from "../train/checkpoint.ts";
import { train } from "../train/run.ts";
import type { Weights } from "../train/trainer.ts";
import { encodeFolderTexts, encodePictures, readEncoded } from "./encode.ts";
import { readPairs } from "./manifest.ts";
import { folderPairs } from "./pairs.ts";

/** A training run over a folder of one's own pictures. */
export type FolderRun = {
  /** Folder with `pairs.json`. */
  readonly pairs: string;
  /** The bundle whose frozen networks are built on. */
  readonly bundle: string;
  /** Folder of checkpoint, curve, encoded pictures and, in the end, the trained bundle. */
  readonly out: string;
  readonly steps: number;
  readonly batchSize: number;
  /** Batches whose mean gradient makes one update. */
  readonly accumulate: number;
  readonly seed: number;
  /** Peak learning rate; the method's is 1e-4. */
  readonly lr: number;
  /** Starts the image side anew instead of going on from the bundle's. */
  readonly fresh: boolean;
  readonly threads?: number;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
};

/**
 * Trains DEADiff's image side (its three tasks) over a bundle's frozen base, on a folder of pairs, and writes the bundle
 * that has it. Goes on from its checkpoint where it has one. What frozen networks say of a picture or a text is computed once.
 *
 * @returns the folder of the trained bundle, or null where the run was stopped before its last step
 * @throws DeadiffError the codes of `readPairs`, `openBundle` and `train`
 */
export async function trainFolder(run: FolderRun): Promise<string | null> {
  const { pictures, hash } = await readPairs(run.pairs);
  const bundle = await openBundle(run.bundle, { config: deadiffConfigSchema });
  const runtime = await inlineRuntime(run.threads === undefined ? {} : { threads: run.threads });
  try {
    const model = await openModel(run.bundle, runtime);
    const { config: c, sizes } = model;
    const files = await encodePictures(runtime, model, await modelWeights(bundle), pictures, join(run.out, "encoded"), run.log);
    const texts = await encodeFolderTexts(model, ["", ...pictures.flatMap(({ subject, style }) => [subject, style])]);
    await model.close();

    const latent = sizes.default / vaeFactor(c.vae);
    if (latent % latentMultiple(c) !== 0) throw new RangeError(`trainFolder: a latent of ${latent} is no multiple of ${latentMultiple(c)}`);
    const objective = deadiffObjective(c, run.batchSize, latent);
    const stored = await readWeights(bundle.manifest.weights.map((file) => bundle.path(file)), objective);
    const initial = run.fresh ? new Map([...[...stored].filter(([name]) => !objective.trained.has(name)), ...copyTextProjections(stored)]) : stored;
    const pairAt = folderPairs(pictures);
    const state = await train(runtime, {
      folder: run.out,
      identity: { objective: "deadiff", config: JSON.stringify([c, run.batchSize, run.accumulate, run.fresh]), seed: run.seed, data: `${hash} ${await sha256OfFile(join(run.bundle, "bundle.json"))}` },
      objective,
      config: { steps: run.steps, batchSize: run.batchSize, accumulate: run.accumulate, lr: { peak: run.lr, warmup: Math.min(500, Math.ceil(run.steps / 10)), floor: 0.1 }, optimizer: { adamW: ADAMW }, emaDecay: 0.999, checkpointMinutes: 15 },
      seed: run.seed,
      initial,
      batches: (fromStep) => {
        let step = fromStep;
        return {
          async next() {
            const random = randomStream(run.seed, step, 0xd40b);
            const pairs = Array.from({ length: run.batchSize }, (_, i) => pairAt(run.seed, step * run.batchSize + i));
            const asked = conditionBatch(METHODS.deadiff, pairs, random);
            const references = await Promise.all(pairs.map(({ reference }) => readEncoded(files[reference] ?? "")));
            const targets = await Promise.all(pairs.map(({ target }) => readEncoded(files[target.picture] ?? "")));
            const feeds: Record<string, HostTensor> = {
              x0: stacked(targets.map(({ x0 }) => x0)),
              ...Object.fromEntries(visionInputs(c).map((name) => [name, stacked(references.map((reference) => reference[name]))])),
              text: floats([run.batchSize, c.text.context, c.unet.contextWidth], joined(asked.map(({ text }) => texts.get(text)))),
              eps: stepNoise(run.seed, step, 1, [run.batchSize, c.unet.latentChannels, latent, latent]),
              // The authors' eps-prediction draws timesteps uniformly.
              ...drawTimesteps(run.seed, step, run.batchSize, { uniform: c.prediction === "eps" }),
              ...conditionFeeds(c, asked, random),
            };
            step++;
            return feeds;
          },
          close: () => Promise.resolve(),
        };
      },
      signal: run.signal,
      log: run.log,
    });
    if (state.step < run.steps) return null;
    const out = join(run.out, "bundle");
    const learnt = new Map([...finishedWeights(state)].filter(([name]) => objective.trained.has(name)));
    await writeTrainedBundle(run.bundle, out, { config: c, weights: learnt, note: `DEADiff trained on ${pictures.length} pictures for ${run.steps} steps of ${run.batchSize}` });
    return out;
  } finally {
    await runtime.close();
  }
}

/** A bundle's values of an objective's parameters. */
async function readWeights(paths: readonly string[], { parameters }: Objective): Promise<Weights> {
  const weights = new Map<string, Float32Array>();
  for (const path of paths) {
    const file = await openSafetensorsFile(path);
    try {
      for (const { name } of parameters) if (file.tensors.has(name)) weights.set(name, float32Values(name, await file.read(name)));
    } finally {
      await file.close();
    }
  }
  return weights;
}

/** Tensors of one picture each, one above the other. */
function stacked(tensors: readonly (HostTensor | undefined)[]): HostTensor {
  const [first] = tensors;
  if (first === undefined) throw new TypeError("an encoded picture lacks a tensor: remove the run's folder `encoded`");
  return floats([tensors.length, ...first.dims.slice(1)], joined(tensors.map((tensor) => (tensor?.dtype === "float32" ? tensor.data : undefined))));
}

function joined(rows: readonly (Float32Array | undefined)[]): Float32Array {
  const size = rows[0]?.length ?? 0;
  const out = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    if (row?.length !== size) throw new TypeError("rows of a batch differ in length");
    out.set(row, i * size);
  });
  return out;
}
