import { deadiffConfigSchema, vaeFactor } from "@deadiff/core";
import { openBundle } from "@deadiff/core/node";
import { deadiffObjective } from "../stages/deadiff.ts";
import { memoryNeed } from "../train/memory.ts";
import type { MemoryNeed } from "../train/memory.ts";
import { ADAMW } from "../train/optimizer.ts";
import { stepGraph } from "../train/trainer.ts";

/** What a step of training over a bundle needs, counted from its graph; where it accumulates, the sum of gradients is kept beside. @throws the codes of `openBundle` */
export async function planFolder(bundle: string, batchSize: number, accumulate: number): Promise<MemoryNeed> {
  const { manifest: { config, sizes } } = await openBundle(bundle, { config: deadiffConfigSchema, verify: "sizes" });
  const objective = deadiffObjective(config, batchSize, sizes.default / vaeFactor(config.vae));
  const { inputs, values } = memoryNeed(stepGraph(objective, { adamW: ADAMW }));
  const learned = objective.parameters.filter(({ name }) => objective.trained.has(name)).map(({ spec: { shape } }) => 4 * shape.reduce((a, b) => a * b, 1));
  return { inputs: inputs + (accumulate === 1 ? 0 : learned.reduce((a, b) => a + b, 0)), values };
}
