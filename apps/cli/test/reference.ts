import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SD15 } from "@deadiff/core";
import type { DeadiffConfig } from "@deadiff/core";

/** The reference checkpoint's folder, with a slash at its end. */
export const reference = fileURLToPath(new URL("../../../packages/core/test/reference/deadiff-small/", import.meta.url));

/** A folder with a tokenizer of the right form. */
export const tokenizer = fileURLToPath(new URL("../../../packages/core/test/fixtures/tokenizer", import.meta.url));

/** The configuration of the reference checkpoint, as `import --config` reads it. */
export async function referenceConfig(): Promise<DeadiffConfig> {
  const sizes = JSON.parse(await readFile(join(reference, "config.json"), "utf8")) as Record<"unet" | "text" | "vision" | "qformer" | "vae", Record<string, never>>;
  const { unet, text, vision, qformer, vae } = sizes;
  return {
    ...SD15, name: "small", text: { ...SD15.text, vocabulary: text["vocab"]!, width: text["width"]!, layers: text["layers"]!, heads: text["heads"]! },
    vision: { ...SD15.vision, ...vision },
    qFormer: {
      ...SD15.qFormer, width: qformer["hidden"]!, layers: qformer["layers"]!, heads: qformer["heads"]!, intermediate: qformer["intermediate"]!,
      vocabulary: qformer["vocab"]!, maxPositions: qformer["maxpos"]!, imageWidth: vision["width"]!,
    },
    unet: { ...SD15.unet, channels: unet["model_channels"]!, multipliers: unet["channel_mult"]!, heads: unet["num_heads"]!, contextWidth: text["width"]! },
    vae: { ...SD15.vae, channels: vae["ch"]!, multipliers: vae["ch_mult"]!, resBlocks: vae["num_res_blocks"]! },
  };
}
