import { z } from "zod";
import { crossAttentionWidths } from "./models/unet.ts";
import type { Branch, DeadiffConfig } from "./models/deadiff.ts";

const size = z.int().positive();
const sizes = z.array(size).min(1).readonly();

/** A model configuration where it enters from outside: a bundle, a checkpoint folder. */
export const deadiffConfigSchema: z.ZodType<DeadiffConfig> = z.strictObject({
  name: z.string().min(1),
  text: z.strictObject({ vocabulary: size, width: size, layers: size, heads: size, context: size }),
  vision: z.strictObject({ imageSize: size, patch: size, width: size, layers: size, heads: size }),
  qFormer: z.strictObject({
    width: size, layers: size, heads: size, intermediate: size, projection: size.exactOptional(), queries: size, vocabulary: size, maxPositions: size, imageWidth: size,
    conditions: z.strictObject({ style: z.array(z.int().nonnegative()).readonly(), content: z.array(z.int().nonnegative()).readonly() }),
  }),
  sharedQFormer: z.boolean(),
  sharedVision: z.boolean(),
  unet: z.strictObject({
    latentChannels: size, channels: size, multipliers: sizes, resBlocks: size, attentionFactors: sizes, heads: size, groups: size, contextWidth: size, patch: size,
  }),
  vae: z.strictObject({
    channels: size, multipliers: sizes, resBlocks: size, latentChannels: size, groups: size, patch: size, linear: z.boolean(), scale: z.number().positive(),
  }),
  layerMap: z.array(z.enum(["style", "content", "both"])).readonly(),
  attention: z.enum(["joint", "added"]),
  prediction: z.enum(["eps", "v", "x0"]),
}).refine((c) => c.layerMap.length === crossAttentionWidths(c.unet).length, { path: ["layerMap"], message: "needs one entry per cross-attention layer" })
  .refine((c) => c.unet.contextWidth === c.text.width && c.qFormer.width === c.text.width, {
    path: ["unet", "contextWidth"], message: "text, image tokens and context must be of one width",
  });

/** A layer map: content tokens in the given layers, style tokens in the rest. */
export const contentLayers = (layers: number, content: readonly number[]): Branch[] =>
  Array.from({ length: layers }, (_, i) => (content.includes(i) ? "content" : "style"));

/** BERT's ids of `[CLS] style [SEP]` and `[CLS] content [SEP]`. */
export const BERT_CONDITIONS = { style: [101, 2806, 102], content: [101, 4180, 102] } as const;

/** Stable Diffusion 1.5 with DEADiff's released image side (Qi et al. 2024, arXiv:2403.06951, and its inference code). */
export const SD15: DeadiffConfig = {
  name: "sd15",
  text: { vocabulary: 49408, width: 768, layers: 12, heads: 12, context: 77 },
  vision: { imageSize: 224, patch: 14, width: 1024, layers: 23, heads: 16 },
  qFormer: {
    width: 768, layers: 12, heads: 12, intermediate: 3072, queries: 16, vocabulary: 30523, maxPositions: 512, imageWidth: 1024,
    conditions: BERT_CONDITIONS,
  },
  sharedQFormer: false,
  sharedVision: false,
  unet: {
    latentChannels: 4, channels: 320, multipliers: [1, 2, 4, 4], resBlocks: 2, attentionFactors: [1, 2, 4], heads: 8, groups: 32, contextWidth: 768, patch: 1,
  },
  vae: { channels: 128, multipliers: [1, 2, 4, 4], resBlocks: 2, latentChannels: 4, groups: 32, patch: 1, linear: false, scale: 0.18215 },
  layerMap: contentLayers(16, [4, 5, 6, 7, 8]),
  attention: "joint",
  prediction: "eps",
};

/**
 * DEADiff at a size that trains and runs on two CPU cores: 128-pixel pictograms. The U-Net has SD 1.5's sixteen
 * cross-attention layers in the same order, but at 8, 4 and 2 positions a side where SD 1.5 has 64, 32, 16 (and 8 in the
 * middle). So coarse begins one level earlier: what is decided at 2 x 2 reaches no shape, and a subject that is told to
 * layers 4 to 8 alone does not arrive; told to 2 to 12 it does (docs/evaluation.md, "Layers").
 */
export const MINI: DeadiffConfig = {
  name: "mini",
  text: { vocabulary: 2048, width: 160, layers: 3, heads: 4, context: 24 },
  vision: { imageSize: 64, patch: 8, width: 160, layers: 4, heads: 4 },
  qFormer: {
    width: 160, layers: 3, heads: 4, intermediate: 320, queries: 8, vocabulary: 4, maxPositions: 4, imageWidth: 160,
    conditions: { style: [1], content: [2] },
  },
  sharedQFormer: false,
  sharedVision: true,
  unet: {
    latentChannels: 16, channels: 32, multipliers: [3, 4, 4], resBlocks: 2, attentionFactors: [1, 2, 4], heads: 4, groups: 16, contextWidth: 160, patch: 2,
  },
  vae: { channels: 48, multipliers: [1, 2], resBlocks: 1, latentChannels: 16, groups: 8, patch: 4, linear: true, scale: 1 },
  layerMap: contentLayers(16, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
  attention: "joint",
  // A position holds 64 numbers and the finest level is 96 wide: too narrow to carry the noise through, as v and eps want
  // (Li & He 2025, arXiv:2511.13720, "Back to Basics": predict clean data where patches are large for the width).
  prediction: "x0",
};

/** A real, very small model that tests run from end to end: every layer is there, nothing is trained. */
export const TINY: DeadiffConfig = {
  name: "tiny",
  text: { vocabulary: 64, width: 16, layers: 1, heads: 2, context: 8 },
  vision: { imageSize: 16, patch: 8, width: 16, layers: 1, heads: 2 },
  qFormer: {
    width: 16, layers: 2, heads: 2, intermediate: 32, queries: 4, vocabulary: 8, maxPositions: 4, imageWidth: 16,
    conditions: { style: [1], content: [2] },
  },
  sharedQFormer: true,
  sharedVision: true,
  unet: { latentChannels: 4, channels: 16, multipliers: [1, 2], resBlocks: 1, attentionFactors: [1, 2], heads: 2, groups: 4, contextWidth: 16, patch: 2 },
  vae: { channels: 8, multipliers: [1, 2], resBlocks: 1, latentChannels: 4, groups: 4, patch: 2, linear: true, scale: 0.5 },
  layerMap: contentLayers(7, [2, 3]),
  attention: "joint",
  prediction: "v",
};
