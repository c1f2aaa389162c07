import { bindParams, branchTokens, conditioning, deadiffSpec, listParams, ops, trainedParams, uNet } from "@deadiff/core";
import type { Branch, DeadiffConfig, Tensor } from "@deadiff/core";
import type { Objective } from "../train/objective.ts";
import { diffuse, diffusionBatch, evenWeights } from "./base.ts";

/**
 * DEADiff's training step on a mixed batch of its three tasks (method, section 3). Each sample says by two factors which
 * branches condition it: STRE (style 1, content 0), SERE (0, 1), reconstruction (1, 1), dropped image tokens (0, 0).
 * Zeroed tokens still take softmax mass, as in sampling.
 *
 * Text and vision are frozen, so their tokens are inputs, computed once outside.
 */
export function deadiffObjective(c: DeadiffConfig, batchSize: number, latent: number, channelWeights = evenWeights(c)): Objective {
  const spec = deadiffSpec(c);
  const frozenElsewhere = /^(text|vae)\.|\.vision\./;
  const parameters = listParams(spec).filter(({ name }) => !frozenElsewhere.test(name));
  const dropout: [number, number, number] = [batchSize, c.qFormer.queries, c.qFormer.width];
  return {
    name: "deadiff",
    parameters,
    trained: new Set(trainedParams(c)),
    batch: {
      ...diffusionBatch(c, batchSize, latent),
      text: { shape: [batchSize, c.text.context, c.unet.contextWidth] },
      ...Object.fromEntries(visionInputs(c).map((name) => [name, { shape: [batchSize, (c.vision.imageSize / c.vision.patch) ** 2 + 1, c.vision.width] }])),
      style: { shape: [batchSize, 1, 1] }, content: { shape: [batchSize, 1, 1] },
      "style dropout": { shape: dropout }, "content dropout": { shape: dropout },
    },
    loss(batch) {
      const x = batch as Record<"x0" | "eps" | "timestep" | "a" | "s" | "text" | VisionInput | Branch | "style dropout" | "content dropout", Tensor>;
      const params = bindParams(spec);
      const vision = (branch: Branch): Tensor => x[c.sharedVision ? "vision" : (`${branch} vision` as const)];
      const tokens = (branch: Branch): Tensor => ops.mul(branchTokens(params.image, c, branch, vision(branch), x[`${branch} dropout`]), x[branch]);
      const keys = conditioning(params.context, c, x.text, { style: tokens("style"), content: tokens("content") }, null);
      const { noisy, loss } = diffuse(c, x, channelWeights);
      return { loss: loss(uNet(params.unet, c.unet, noisy, x.timestep, keys)) };
    },
  };
}

type VisionInput = "vision" | "style vision" | "content vision";

/** The batch's vision tokens: one tensor where both branches share an encoder, else one of each. */
export const visionInputs = (c: DeadiffConfig): VisionInput[] => (c.sharedVision ? ["vision"] : ["style vision", "content vision"]);

/** Image keys and values start as copies of the text's (method, section 2). */
export function copyTextProjections(weights: ReadonlyMap<string, Float32Array>): Map<string, Float32Array> {
  const copies = new Map<string, Float32Array>();
  for (const [name, values] of weights) {
    const match = /^(context\.\d+\.)text([KV])(\..*)$/.exec(name);
    if (match !== null) copies.set(`${match[1] ?? ""}image${match[2] ?? ""}${match[3] ?? ""}`, values.slice());
  }
  return copies;
}
