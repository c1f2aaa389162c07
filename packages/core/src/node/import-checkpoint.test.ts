import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { torchCheckpoint } from "../../test/io/torch-checkpoint.ts";
import { tokenizerFixture } from "../../test/reference-folder.ts";
import type { DeadiffConfig } from "../models/deadiff.ts";
import { BERT_CONDITIONS, contentLayers, SD15 } from "../presets.ts";
import { importCheckpoint } from "./import-checkpoint.ts";

const config: DeadiffConfig = {
  ...SD15, name: "small",
  text: { vocabulary: 8, width: 8, layers: 1, heads: 2, context: 4 },
  vision: { imageSize: 8, patch: 4, width: 8, layers: 1, heads: 2 },
  qFormer: { width: 8, layers: 1, heads: 2, intermediate: 8, queries: 2, vocabulary: 4200, maxPositions: 4, imageWidth: 8, conditions: BERT_CONDITIONS },
  unet: { ...SD15.unet, channels: 8, multipliers: [1], resBlocks: 1, attentionFactors: [1], heads: 2, groups: 4, contextWidth: 8 },
  vae: { ...SD15.vae, channels: 8, multipliers: [1], resBlocks: 1, groups: 4 },
  layerMap: contentLayers(4, [1]),
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "deadiff-import-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function importOf(change?: (dims: Map<string, number[]>) => void) {
  await writeFile(join(folder, "a.ckpt"), torchCheckpoint(config, 3n, change));
  return importCheckpoint({ checkpoint: join(folder, "a.ckpt"), tokenizer: tokenizerFixture, out: join(folder, "bundle"), config, sizes: { default: 64, min: 8, max: 64, multipleOf: 8 } });
}

test("what a checkpoint is known to hold besides the model is passed over", async () => {
  const { name, files } = await importOf((dims) => {
    for (const extra of ["alphas_cumprod", "model_ema.decay", "style_blip.Qformer.cls.predictions.bias", "first_stage_model.loss.logvar", "cond_stage_model.transformer.text_model.embeddings.position_ids"]) dims.set(extra, [2]);
  });
  expect(name).toBe("small");
  expect(files.map(({ path }) => path)).toContain("weights.safetensors");
});

test("missing, misshapen and unexpected tensors are listed by their keys, all of them, and no bundle is begun", async () => {
  const [missing, misshapen] = ["style_blip.query_tokens", "model.diffusion_model.out.2.weight"];
  const failed = importOf((dims) => {
    dims.delete(missing);
    dims.set(misshapen, [4, 8, 1, 1]);
    dims.set("lora.weight", [2]);
    dims.set("control_model.weight", [2]);
  });
  await expect(failed).rejects.toMatchObject({
    code: "checkpoint_keys",
    context: { missing: [missing], misshapen: [`${misshapen} is [4, 8, 1, 1], expected [4, 8, 3, 3]`], unexpected: ["lora.weight", "control_model.weight"] },
    message: `the checkpoint does not fit the configuration small\n1 missing: ${missing}\n1 misshapen: ${misshapen} is [4, 8, 1, 1], expected [4, 8, 3, 3]\n2 unexpected: lora.weight; control_model.weight`,
  });
  expect(await readdir(folder)).toEqual(["a.ckpt"]);
});
