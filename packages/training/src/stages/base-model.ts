import { bindParams, conditioning, deadiffSpec, textEncoder, trace, uNet } from "@deadiff/core";
import type { DeadiffConfig, HostTensor, Runtime, Tensor } from "@deadiff/core";
import { openWithWeights } from "../train/fed.ts";
import type { Weights } from "../train/trainer.ts";
import { floats } from "./data.ts";

/** What the base text-to-image model predicts of noisy latents [B, C, h, w] at one timestep, told token ids [B, T]. */
export type Predict = (latents: Float32Array, timestep: number, ids: HostTensor) => Promise<Float32Array>;

/** Opens the base model without its image side, for a fixed number of rows B and latents of one side. */
export async function openBaseModel(runtime: Runtime, c: DeadiffConfig, weights: Weights, { rows, side }: { rows: number; side: number }): Promise<{ predict: Predict; close(): Promise<void> }> {
  const spec = deadiffSpec(c);
  const shape = [rows, c.unet.latentChannels, side, side];
  const inputs = { latent: { shape }, timestep: { shape: [rows] }, ids: { shape: [rows, c.text.context], dtype: "int64" } } as const;
  const model = await openWithWeights(runtime, trace("predict", inputs, (x: Record<keyof typeof inputs, Tensor>) => {
    const text = textEncoder(bindParams(spec.text, "text"), c.text, x.ids);
    const keys = conditioning(bindParams(spec.context, "context"), c, text, null, null);
    return { prediction: uNet(bindParams(spec.unet, "unet"), c.unet, x.latent, x.timestep, keys) };
  }), weights);
  return {
    async predict(latents, timestep, ids) {
      const { prediction } = await model.run({ latent: floats(shape, latents), timestep: floats([rows], new Float32Array(rows).fill(timestep)), ids });
      return prediction?.data as Float32Array;
    },
    close: () => model.close(),
  };
}
