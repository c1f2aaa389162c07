/** What a job is asked for: the contract where it enters, and the same with every default filled in. */
import { z } from "zod";
import { DeadiffError } from "../errors.ts";
import { isSide } from "../image/host-image.ts";
import type { HostImage } from "../image/host-image.ts";
import { crossAttentionWidths } from "../models/unet.ts";
import { vaeFactor } from "../models/vae.ts";
import { passesAt } from "../sampling/guidance.ts";
import type { Guidance } from "../sampling/guidance.ts";
import { SAMPLER_NAMES, SPACINGS } from "../sampling/plan.ts";
import type { SamplerName, Spacing } from "../sampling/plan.ts";
import { MAX_SEED, parseSeed } from "../sampling/noise.ts";
import { samplingDefaults } from "./defaults.ts";
import { GAIN_PRESETS, layerGains } from "./gains.ts";
import { latentMultiple } from "./graphs.ts";
import type { ModelFacts } from "./model.ts";
import { isStyleCode } from "./style-code.ts";
import type { StyleCode } from "./style-code.ts";

const isHostImage = (x: unknown): x is HostImage => {
  if (typeof x !== "object" || x === null) return false;
  const { width, height, data } = x as Partial<HostImage>;
  return width !== undefined && height !== undefined && isSide(width) && isSide(height) && data instanceof Uint8Array && data.length === 3 * width * height;
};

/** How a reference acts, whatever it is: shared by every contract that has references. */
export const referenceInfluence = {
  /**
   * 0..4, without unit. Among the references of a branch it is the share in the mean of tokens; of one reference alone
   * it is the gain of its keys and values. 0 changes nothing.
   */
  weight: z.number().min(0).max(4).default(1),
  /** What is taken: how the reference is drawn, what it shows, or both. */
  mode: z.enum(["style", "content", "both"]).default("style"),
};

/** How a picture that is not square meets the encoder's square. The method was trained with `stretch`. */
export const referenceFit = z.enum(["stretch", "crop", "pad"]).default("stretch");

const referenceSchema = z.union([
  z.strictObject({ image: z.custom<HostImage>(isHostImage, "must be a picture: { width, height, channels: 3, data }"), ...referenceInfluence, fit: referenceFit }),
  z.strictObject({ code: z.custom<StyleCode>(isStyleCode, "must be a style code"), ...referenceInfluence }),
]);

/** A picture or a style code, and how it acts. */
export type Reference = z.output<typeof referenceSchema>;

/** Everything a request says besides its references: plain JSON (a seed may also be a bigint). */
export const stylizeSettings = {
  /** What the picture shows. Text past the model's context is cut, and reported. At most 20,000 characters. */
  prompt: z.string().max(20_000).default(""),
  /** What guidance leads away from. At most 20,000 characters. */
  negativePrompt: z.string().max(20_000).default(""),
  /** Pixels, 8..4096: within the model's sizes and a multiple of its step. The model's own when left out. */
  width: z.int().min(8).max(4096).optional(),
  height: z.int().min(8).max(4096).optional(),
  /** How many pictures, 1..64. Picture i has the job's seed + i. */
  count: z.int().min(1).max(64).default(1),
  /** Denoising steps, 1..1000. The model's default when left out. */
  steps: z.int().min(1).max(1000).optional(),
  sampler: z.enum(SAMPLER_NAMES).optional(),
  /** How noise levels are spaced. DDIM has `normal` alone. */
  spacing: z.enum(SPACINGS).optional(),
  /** DDIM's noise, 0 (none) to 1 (as DDPM); only with `ddim`. */
  eta: z.number().min(0).max(1).optional(),
  /** Classifier-free guidance scale, 1 (none) to 30. */
  guidance: z.number().min(1).max(30).optional(),
  /** How far the prompt alone is enlarged beyond that where references stand beside it, 0 (not at all, and when left out) to 30. */
  promptGuidance: z.number().min(0).max(30).optional(),
  /** Guided where from < sigma <= to, sigma 0..1000 (Stable Diffusion's highest is 14.6); the model's own, or everywhere, when left out. */
  guidanceInterval: z.strictObject({ from: z.number().min(0).max(1000), to: z.number().min(0).max(1000) })
    .refine(({ from, to }) => from < to, "from must be below to").optional(),
  /** Multiplies the gain of every layer, 0..4. */
  strength: z.number().min(0).max(4).default(1),
  /** Gain of the image's keys and values in each cross-attention layer in running order, each 0..4, or a named setting. */
  gains: z.union([z.enum(GAIN_PRESETS), z.array(z.number().min(0).max(4)).max(256)]).default("default"),
  /** 0..2^63-1, as digits where it passes 2^53; drawn when left out. */
  seed: z.union([z.string(), z.int().nonnegative(), z.bigint()]).optional(),
  /**
   * `off` leaves image keys out: the base model, exactly. `on` without references feeds zero tokens, which still take
   * softmax mass. When left out: `on` if there are references.
   */
  image: z.enum(["on", "off"]).optional(),
};

/** The contract of a job. */
export const stylizeRequestSchema = z.strictObject({ references: z.array(referenceSchema).max(16).default([]), ...stylizeSettings });

/** What a caller writes. */
export type StylizeInput = z.input<typeof stylizeRequestSchema>;

/** A request with every default filled in and checked against the model. */
export type StylizeRequest = {
  readonly references: readonly Reference[];
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly width: number;
  readonly height: number;
  readonly count: number;
  readonly steps: number;
  readonly sampler: SamplerName;
  readonly spacing: Spacing;
  readonly eta: number;
  readonly guidance: number;
  /** 0 where no reference acts. */
  readonly promptGuidance: number;
  readonly guidanceInterval: { readonly from: number; readonly to: number } | null;
  readonly strength: number;
  /** One per cross-attention layer, `strength` not yet in it. */
  readonly gains: readonly number[];
  readonly seed: bigint;
  readonly image: "on" | "off";
};

/**
 * Checks a request and fills in what it leaves open.
 *
 * @param drawSeed called where the request has no seed
 * @throws DeadiffError `request_invalid` (every fault named by its path), `size_unsupported`, `mode_unsupported`,
 * `gains_length`, `gains_preset`, `seed_range`, `sampler_spacing`, `sampler_eta`
 */
export function resolveRequest(input: StylizeInput, model: ModelFacts, drawSeed: () => bigint): StylizeRequest {
  const parsed = stylizeRequestSchema.safeParse(input);
  if (!parsed.success) {
    throw new DeadiffError("request_invalid", `the request is not valid:\n${z.prettifyError(parsed.error)}`, { context: { issues: parsed.error.issues } });
  }
  const { references, guidanceInterval, eta, ...r } = parsed.data;
  const defaults = samplingDefaults(model.preset);
  const sampler = r.sampler ?? defaults.sampler;
  if (eta !== undefined && sampler !== "ddim") throw new DeadiffError("sampler_eta", `eta is DDIM's alone, the sampler is ${sampler}: leave eta out`);
  if (r.spacing === "karras" && sampler === "ddim") throw new DeadiffError("sampler_spacing", "ddim has its own timesteps and no karras spacing: leave spacing out");
  for (const { mode } of references) {
    if (!model.modes.includes(mode)) throw new DeadiffError("mode_unsupported", `the model ${model.name} offers ${model.modes.join(", ")}, a reference asks for ${mode}`);
  }
  const image = r.image ?? (references.length > 0 ? "on" : "off");
  return {
    references,
    prompt: r.prompt, negativePrompt: r.negativePrompt,
    width: checkedSide("width", r.width, model), height: checkedSide("height", r.height, model),
    count: r.count,
    steps: r.steps ?? defaults.steps,
    sampler,
    spacing: r.spacing ?? (sampler === "ddim" ? "normal" : defaults.spacing),
    eta: eta ?? 0,
    guidance: r.guidance ?? defaults.guidance,
    promptGuidance: image === "off" || references.length === 0 ? 0 : (r.promptGuidance ?? 0),
    guidanceInterval: guidanceInterval ?? defaults.guidanceInterval ?? null,
    strength: r.strength,
    gains: layerGains(r.gains, crossAttentionWidths(model.config.unet).length),
    seed: seedOf(r.seed, r.count, drawSeed),
    image,
  };
}

/** How often the network is evaluated for one picture in a guided step. */
export const passCount = ({ guidance, promptGuidance }: Pick<StylizeRequest, "guidance" | "promptGuidance">): number => passesAt({ scale: guidance, prompt: promptGuidance }, 1).length;

/** A request's guidance as samplers take it. */
export const guidanceOf = ({ guidance, promptGuidance, guidanceInterval }: Pick<StylizeRequest, "guidance" | "promptGuidance" | "guidanceInterval">): Guidance => ({
  scale: guidance, prompt: promptGuidance, ...(guidanceInterval && { interval: guidanceInterval }),
});

/** The seed, low enough for the seeds of all pictures to be in range. */
function seedOf(seed: string | number | bigint | undefined, count: number, drawSeed: () => bigint): bigint {
  const value = seed === undefined ? drawSeed() : typeof seed === "string" ? parseSeed(seed) : BigInt(seed);
  if (value < 0n || value + BigInt(count - 1) > MAX_SEED) {
    throw new DeadiffError("seed_range", `the seeds of ${count} pictures must lie in 0..${MAX_SEED.toString()}, the first is ${value.toString()}`);
  }
  return value;
}

function checkedSide(name: "width" | "height", asked: number | undefined, { sizes, config, name: model }: ModelFacts): number {
  const pixels = asked ?? sizes.default;
  // What the manifest says, and what the networks need whatever it says.
  const steps = [sizes.multipleOf, latentMultiple(config) * vaeFactor(config.vae)];
  if (pixels < sizes.min || pixels > sizes.max || steps.some((step) => pixels % step !== 0)) {
    throw new DeadiffError("size_unsupported", `${name} is ${pixels}: the model ${model} makes sides of ${sizes.min}..${sizes.max} pixels in steps of ${Math.max(...steps)}`);
  }
  return pixels;
}
