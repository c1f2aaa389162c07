import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { DeadiffConfig } from "../src/models/deadiff.ts";
import { crossAttentionWidths } from "../src/models/unet.ts";
import { openWeightFile } from "../src/node/weight-file.ts";
import { BERT_CONDITIONS, contentLayers, deadiffConfigSchema, SD15 } from "../src/presets.ts";

/** The folder's config.json, in the authors' words. */
const referenceConfig = z.object({
  unet: z.object({
    model_channels: z.int(), attention_resolutions: z.array(z.int()), num_res_blocks: z.int(), channel_mult: z.array(z.int()), num_heads: z.int(),
    content_layer: z.array(z.int()),
  }),
  text: z.object({ vocab: z.int(), width: z.int(), layers: z.int(), heads: z.int(), context: z.int() }),
  vision: z.object({ patch: z.int(), width: z.int(), layers: z.int(), heads: z.int() }),
  qformer: z.object({ vocab: z.int(), hidden: z.int(), layers: z.int(), heads: z.int(), intermediate: z.int(), queries: z.int(), maxpos: z.int() }),
  vae: z.object({ ch: z.int(), ch_mult: z.array(z.int()), num_res_blocks: z.int() }),
});
export type ReferenceConfig = z.infer<typeof referenceConfig>;

/** The model of a reference folder. config.json does not give the projections' hidden width: the checkpoint does. @param imageSize side of the reference picture, pixels */
export async function readReferenceConfig(folder: string, imageSize: number): Promise<DeadiffConfig> {
  const config = referenceConfig.parse(JSON.parse(await readFile(join(folder, "config.json"), "utf8")));
  const checkpoint = await openWeightFile(join(folder, "checkpoint.ckpt"));
  try {
    return modelConfig(config, imageSize, checkpoint.tensors.get("style_proj_layer.dense1.weight")?.dims[0]);
  } finally {
    await checkpoint.close();
  }
}

/** A reference's configuration in our words: of Stable Diffusion's and DEADiff's form, at other sizes. */
export function modelConfig({ unet, text, vision, qformer, vae }: ReferenceConfig, imageSize: number, projection = 4 * qformer.hidden): DeadiffConfig {
  const sizes = {
    ...SD15.unet, channels: unet.model_channels, multipliers: unet.channel_mult, resBlocks: unet.num_res_blocks, attentionFactors: unet.attention_resolutions,
    heads: unet.num_heads, contextWidth: text.width,
  };
  return deadiffConfigSchema.parse({
    name: "reference",
    text: { vocabulary: text.vocab, width: text.width, layers: text.layers, heads: text.heads, context: text.context },
    vision: { imageSize, ...vision },
    qFormer: {
      width: qformer.hidden, layers: qformer.layers, heads: qformer.heads, intermediate: qformer.intermediate, projection, queries: qformer.queries,
      vocabulary: qformer.vocab, maxPositions: qformer.maxpos, imageWidth: vision.width, conditions: BERT_CONDITIONS,
    },
    sharedQFormer: false, sharedVision: false,
    unet: sizes,
    vae: { ...SD15.vae, channels: vae.ch, multipliers: vae.ch_mult, resBlocks: vae.num_res_blocks },
    layerMap: contentLayers(crossAttentionWidths(sizes).length, unet.content_layer),
    attention: "joint", prediction: "eps",
  } satisfies DeadiffConfig);
}
