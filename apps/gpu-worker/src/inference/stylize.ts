import { DeadiffError, encodeStyleCode, passCount, resolveRequest, stylize, type Model } from "@deadiff/core";
import { encodePng } from "@deadiff/core/node";
import { JobError, type JobErrorCode } from "@deadiff/schemas/contracts";
import type { Generate, Generated, GenerateRequest } from "../generate.ts";
import type { Scheduler } from "./batch/scheduler.ts";
import { codeOf, referenceOf } from "./reference.ts";
import { startTimeline, type Timeline } from "./timeline.ts";

// Which of the model's complaints the job's owner can do something about.
const OWNERS: Readonly<Record<string, JobErrorCode>> = {
  request_invalid: "unsupported_parameter",
  size_unsupported: "unsupported_parameter",
  mode_unsupported: "unsupported_parameter",
  gains_length: "unsupported_parameter",
  gains_preset: "unsupported_parameter",
  seed_range: "unsupported_parameter",
  sampler_spacing: "unsupported_parameter",
  sampler_eta: "unsupported_parameter",
  invalid_image: "invalid_image",
  style_code_invalid: "invalid_image",
  style_code_version: "style_code_version",
  style_code_branch: "unsupported_parameter",
  image_too_large: "image_too_large",
  unsupported_format: "unsupported_format",
};

const toJobError = (error: unknown): unknown => {
  if (!(error instanceof DeadiffError)) return error;
  const code = OWNERS[error.code];
  if (code !== undefined) return new JobError(code, error.message, { cause: error });
  return /out of memory|alloc/i.test(error.message) ? new JobError("gpu_oom", undefined, { cause: error }) : error;
};

/** What the parts of a job are called in traces. */
const SPANS = { references: "encode references", text: "encode prompt", sampling: "denoise", decoding: "decode latents" } as const;

type Input = Parameters<typeof stylize>[1];

const inputOf = async (model: Model, { references, ...request }: GenerateRequest): Promise<Input> => ({
  references: await Promise.all(references.map((reference) => referenceOf(model, reference))),
  prompt: request.prompt,
  negativePrompt: request.negative_prompt,
  count: request.count,
  strength: request.strength,
  seed: request.seed,
  ...(request.width === undefined ? {} : { width: request.width }),
  ...(request.height === undefined ? {} : { height: request.height }),
  ...(request.steps === undefined ? {} : { steps: request.steps }),
  ...(request.sampler === undefined ? {} : { sampler: request.sampler }),
  ...(request.spacing === undefined ? {} : { spacing: request.spacing }),
  ...(request.guidance === undefined ? {} : { guidance: request.guidance }),
  ...(request.prompt_guidance === undefined ? {} : { promptGuidance: request.prompt_guidance }),
  // A name the model does not know is refused by the model, in its own words.
  ...(request.gains === undefined ? {} : { gains: request.gains as NonNullable<Input["gains"]> }),
});

/** The code of a request's only reference, in both branches. */
const encodeStyle = async (model: Model, { references, seed }: GenerateRequest, timeline: Timeline): Promise<Generated> => {
  const [reference] = references;
  if (reference === undefined || !("members" in reference)) throw new Error("a style code is asked for without a style");
  const started = performance.now();
  timeline.enter(SPANS.references);
  const file = await encodeStyleCode(await codeOf(model, reference.members, "both"));
  const timings = { references_ms: Math.round(performance.now() - started) };
  return { images: [], code: { encoder: await model.encoderHash(), file }, seed, parameters: {}, timings, model: `${model.name}@${model.version}` };
};

/** Parameters with the parts of pictures that references are: the model saw the parts alone. */
const withCrops = <P extends Awaited<ReturnType<typeof stylize>>["parameters"]>(parameters: P, references: GenerateRequest["references"]): P => ({
  ...parameters,
  references: parameters.references.map((described, i) => {
    const reference = references[i];
    return reference !== undefined && "png" in reference && reference.crop !== undefined ? { ...described, crop: reference.crop } : described;
  }),
});

/** What a job will ask of the U-Net. */
const sizeOf = (model: Model, input: Input): { steps: number; rows: number } => {
  const asked = resolveRequest(input, model, () => 0n);
  return { steps: asked.steps, rows: asked.count * passCount(asked) };
};

const PREVIEW_EVERY_MS = 1000;

/** Generates with a loaded model. Every picture's file holds the parameters that make it again. */
export const stylizeWith =
  (model: Model, scheduler?: Scheduler): Generate =>
  async (request, { signal, onProgress, onTimeline, finishByMs = Infinity }) => {
    let previewedAt = performance.now();
    const timeline = startTimeline();
    try {
      if (request.kind === "style_code") return await encodeStyle(model, request, timeline);
      timeline.enter("open references");
      const input = await inputOf(model, request);
      const made = await stylize(model, input, {
        signal,
        ...(scheduler === undefined ? {} : { evaluator: scheduler.open({ ...sizeOf(model, input), finishByMs }) }),
        onEvent: async (event) => {
          if (event.kind === "stage") {
            timeline.enter(SPANS[event.stage]);
            if (event.stage !== "sampling") onProgress({ phase: event.stage === "decoding" ? "generating" : "preparing" });
            return;
          }
          timeline.step("unet step");
          const progress = { phase: "generating", step: event.step, steps: event.total } as const;
          const due = performance.now() - previewedAt >= PREVIEW_EVERY_MS;
          const [preview] = due ? (event.previews() ?? []) : [];
          if (preview !== undefined) previewedAt = performance.now();
          onProgress(preview === undefined ? progress : { ...progress, preview: await encodePng(preview) });
        },
      });
      timeline.enter("encode png");
      const images = await Promise.all(made.images.map(({ pixels, parameters }) => encodePng(pixels, withCrops(parameters, request.references))));
      return {
        images,
        seed: request.seed,
        parameters: { ...withCrops(made.parameters, request.references), warnings: made.warnings },
        timings: Object.fromEntries(Object.entries(made.timingsMs).map(([stage, ms]) => [`${stage}_ms`, Math.round(ms)])),
        model: `${model.name}@${model.version}`,
      };
    } catch (error) {
      throw toJobError(error);
    } finally {
      onTimeline?.(timeline.end());
    }
  };
