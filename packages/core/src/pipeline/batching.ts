import type { DeadiffConfig } from "../models/deadiff.ts";
import type { ProviderName } from "../session.ts";
import type { Batching } from "./sample.ts";

/**
 * Numbers in the U-Net's first feature map, over all rows, up to which the CPU gains by more rows. Measured on two
 * cores: a row of the mini preset (6,144) takes 10.7 ms alone and 5.9 ms among eight; one of SD 1.5 (1.3 million)
 * fills the processor by itself, and more of them would only take memory.
 */
const CPU_NUMBERS = 65_536;
const MAX_ROWS = 8;

/**
 * How the rows of a job are put together. On the CPU it changes time and memory alone: its kernels give each row the
 * same bits in every batch.
 *
 * @param latent height and width of a latent
 * @param passes most passes of a step: rows of one picture
 */
export function defaultBatching({ unet }: DeadiffConfig, provider: ProviderName, latent: { height: number; width: number }, passes: number): Batching {
  const holding = (rows: number): Batching => (rows < passes ? { images: 1, passes: "apart" } : { images: Math.floor(rows / passes), passes: "together" });
  switch (provider) {
    case "cpu": {
      const perRow = ((latent.height * latent.width) / unet.patch ** 2) * unet.channels * (unet.multipliers[0] ?? 1);
      return holding(Math.min(MAX_ROWS, Math.floor(CPU_NUMBERS / perRow)));
    }
    case "cuda":
    case "webgpu": return holding(MAX_ROWS);
  }
}
