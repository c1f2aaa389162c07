import { deadiffConfigSchema, vaeFactor } from "@deadiff/core";
import { openBundle } from "@deadiff/core/node";
import { deadiffObjective } from "../stages/deadiff.ts";
import { memoryNeed } from "../train/memory.ts";
import type { MemoryNeed } from "../train/memory.ts";
import { ADAMW } from "../train/optimizer.ts";
import { stepGraph } from "../train/trainer.ts";

/** What a step of training over a bundle needs, counted from its graph. @throws the codes of `openBundle` */
export async function planFolder(bundle: string, batchSize: number): Promise<MemoryNeed> {
  const { manifest: { config, sizes } } = await openBundle(bundle, { config: deadiffConfigSchema, verify: "sizes" });
  return memoryNeed(stepGraph(deadiffObjective(config, batchSize, sizes.default / vaeFactor(config.vae)), { adamW: ADAMW }));
}
