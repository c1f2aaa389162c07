/** A job from request to pictures, in numbered steps. */
import { DeadiffError } from "../errors.ts";
import type { HostImage } from "../image/host-image.ts";
import { imagesFromSigned } from "../image/pixels.ts";
import { vaeFactor } from "../models/vae.ts";
import { imageSeeds, seededNoise } from "../sampling/noise.ts";
import { planSampling } from "../sampling/plan.ts";
import { SD_SCHEDULE } from "../sampling/schedule.ts";
import { defaultBatching } from "./batching.ts";
import type { GraphName } from "./graphs.ts";
import type { Conditions } from "./keys.ts";
import type { Model } from "./model.ts";
import { float32Output } from "./outputs.ts";
import { jobParameters } from "./parameters.ts";
import type { Parameters } from "./parameters.ts";
import { previewImages } from "./preview.ts";
import { readReferences } from "./references.ts";
import { guidanceOf, passCount, resolveRequest } from "./request.ts";
import type { StylizeInput } from "./request.ts";
import { ownRuns } from "./rows.ts";
import type { Evaluator } from "./rows.ts";
import { sampleLatents } from "./sample.ts";
import type { Batching } from "./sample.ts";
import { readTexts } from "./texts.ts";
import type { Warning } from "./warnings.ts";

/** The parts of a job, in order. */
export type Stage = "references" | "text" | "sampling" | "decoding";

/** How far a job is. */
export type StylizeEvent =
  | { kind: "stage"; stage: Stage }
  /** `step` of `total` over the whole job is done; `images` are the pictures it worked on. */
  | {
    kind: "step"; step: number; total: number; images: readonly number[];
    /** Small pictures of what the step sees, made when asked for; null where the model has no way to make them. */
    previews: () => HostImage[] | null;
  };

export type StylizeOptions = {
  /** Looked at between steps; its reason is what `stylize` throws. */
  signal?: AbortSignal;
  /** Awaited, so that a slow listener slows the job. */
  onEvent?: (event: StylizeEvent) => void | Promise<void>;
  /** Default: by model, provider and size. */
  batching?: Batching;
  /** Evaluates the U-Net in place of the job's own runs: for many jobs that share them. */
  evaluator?: Evaluator;
  /** `release` closes encoders after use and the U-Net before decoding: the least memory, for one job a process. Default `keep`. */
  memory?: "keep" | "release";
  /** Where a seed comes from when the request has none. Default: the system's randomness, 32 bits, short to write down. */
  drawSeed?: () => bigint;
};

export type StylizedImage = {
  pixels: HostImage;
  seed: bigint;
  /** What makes this very picture again, alone. */
  parameters: Parameters;
};

export type StylizeResult = {
  images: readonly StylizedImage[];
  /** Every parameter of the job as used, defaults included. */
  parameters: Parameters;
  warnings: readonly Warning[];
  /** Wall time, milliseconds. */
  timingsMs: Readonly<Record<Stage | "total", number>>;
};

/**
 * Makes pictures of the prompt's subject in the references' style (Qi et al. 2024, arXiv:2403.06951).
 *
 * @throws DeadiffError the codes of `resolveRequest`, `readReferences`, `Model.tokenizer`, `Model.run` and
 * `denoiser`; `pixels_not_finite`; or the signal's reason
 */
export async function stylize(model: Model, input: StylizeInput, options: StylizeOptions = {}): Promise<StylizeResult> {
  const { signal, onEvent, memory = "keep", drawSeed = drawSeed32 } = options;
  const { config: c } = model;
  const warnings: Warning[] = [];
  const clock = stageClock();
  const enter = async (stage: Stage): Promise<void> => {
    signal?.throwIfAborted();
    clock.enter(stage);
    await onEvent?.({ kind: "stage", stage });
  };
  const finished = async (graphs: readonly GraphName[]): Promise<void> => {
    if (memory === "release") await model.release(graphs);
  };

  // 1. The request, checked and completed; the seed and noise of each picture.
  const request = resolveRequest(input, model, drawSeed);
  const seeds = imageSeeds(request.seed, request.count);
  const plan = planSampling(SD_SCHEDULE, request);
  const steps = plan.sigmas.length - 1;
  if (steps !== request.steps) warnings.push({ code: "steps_changed", asked: request.steps, taken: steps, message: `${request.sampler} takes ${steps} steps where ${request.steps} are asked for` });

  // 2. References to image tokens, one branch at a time.
  await enter("references");
  if (request.image === "off" && request.references.length > 0) warnings.push({ code: "references_unused", message: "image keys are switched off: the references were not used" });
  const image = await readReferences(model, request, signal);
  await finished(["reference-style", "reference-content"]);

  // 3. Prompts to text tokens.
  await enter("text");
  const text = await readTexts(model, request);
  warnings.push(...text.warnings);
  await finished(["text"]);

  // 4. Keys and values, made once and kept in the runtime; then noise to latents, `batching.images` pictures at a time.
  await enter("sampling");
  const factor = vaeFactor(c.vae);
  const [height, width] = [request.height / factor, request.width / factor];
  const batching = options.batching ?? defaultBatching(c, model.provider, { height, width }, passCount(request));
  const elements = c.unet.latentChannels * height * width;
  const groups = chunks([...seeds.keys()], batching.images);
  const latents: Float32Array[] = [];
  const conditions: Conditions = { text, image };
  const { evaluate, forget } = options.evaluator ?? ownRuns(model, batching.passes);
  try {
    for (const [groupIndex, images] of groups.entries()) {
      const noise = seededNoise(images.map((i) => seeds[i] ?? 0n), elements);
      const sampled = await sampleLatents(evaluate, {
        schedule: SD_SCHEDULE, prediction: c.prediction, plan, signal,
        guidance: guidanceOf(request),
        conditions: images.map(() => conditions), shape: { height, width },
        start: noise.start(), noise: noise.step,
        onStep: ({ step, denoised }) => onEvent?.({
          kind: "step", step: groupIndex * steps + step, total: groups.length * steps, images,
          previews: () => (model.preview === null ? null : previewImages(model.preview, denoised, { height, width })),
        }),
      });
      for (const i of images.keys()) latents.push(sampled.slice(i * elements, (i + 1) * elements));
    }
  } finally {
    await forget([conditions]);
  }
  await finished(["conditioning", "conditioning-text", "unet", "unet-text"]);

  // 5. Latents to pixels, one picture at a time: the decoder's activations are the largest of the job.
  await enter("decoding");
  const pixels: HostImage[] = [];
  for (const data of latents) {
    signal?.throwIfAborted();
    const outputs = await model.run("vae-decode", { latent: { dtype: "float32", dims: [1, c.unet.latentChannels, height, width], data } });
    const decoded = float32Output(outputs, "pixels");
    pixels.push(...imagesFromSigned({ dtype: "float32", dims: [1, 3, request.height, request.width], data: decoded }));
  }
  await finished(["vae-decode"]);

  // 6. The pictures with all that made them.
  const parameters = await jobParameters(request, model);
  const images = pixels.map((picture, i): StylizedImage => {
    const seed = seeds[i];
    if (seed === undefined) throw new DeadiffError("pictures_count", `${pixels.length} pictures were decoded for ${seeds.length} seeds`);
    return { pixels: picture, seed, parameters: { ...parameters, count: 1, seed: seed.toString() } };
  });
  return { images, parameters, warnings, timingsMs: clock.finish() };
}

/** A seed in 0..2^32-1 from the system's randomness. */
const drawSeed32 = (): bigint => BigInt(crypto.getRandomValues(new Uint32Array(1))[0] ?? 0);

/** Splits a list into runs of at most `size`. */
const chunks = <T>(list: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));

/** Wall time by stage. */
function stageClock(): { enter: (stage: Stage) => void; finish: () => Record<Stage | "total", number> } {
  const spent: Record<Stage, number> = { references: 0, text: 0, sampling: 0, decoding: 0 };
  const begun = performance.now();
  let current: { stage: Stage; since: number } | undefined;
  const leave = (): void => {
    if (current !== undefined) spent[current.stage] += performance.now() - current.since;
    current = undefined;
  };
  return {
    enter(stage) {
      leave();
      current = { stage, since: performance.now() };
    },
    finish() {
      leave();
      return { ...spent, total: performance.now() - begun };
    },
  };
}
