/** The graphs that the benchmark runs, and inputs for them. */
import { evaluateDim, sizeOf } from "../src/graph/dim.ts";
import { parametersOf, trace } from "../src/graph/graph.ts";
import type { Graph } from "../src/graph/graph.ts";
import { simplify } from "../src/graph/simplify.ts";
import { branchTokens, deadiffSpec, visionTokens } from "../src/models/deadiff.ts";
import type { DeadiffConfig } from "../src/models/deadiff.ts";
import { bindParams } from "../src/models/params.ts";
import { conditioningGraph, decodeGraph, latentMultiple, textGraph, uNetGraph } from "../src/pipeline/graphs.ts";
import type { HostTensor } from "../src/session.ts";
import { createNoise } from "./noise.ts";

/** A stage of a job, in running order: its graph at the sizes of one 512-pixel picture. */
export type Stage = { label: string; graph: Graph; symbols: Readonly<Record<string, number>> };

/** Stages by name: each measured alone, and in this order a job. @param latent side of the latent: 64 is 512 pixels in SD 1.5 */
export function stagesOf(c: DeadiffConfig, latent = 64): Record<"text" | "vision" | "qFormer" | "conditioning" | "unet" | "decode", Stage> {
  const params = bindParams(deadiffSpec(c).image, "image");
  const patches = (c.vision.imageSize / c.vision.patch) ** 2 + 1;
  const unit = latent / latentMultiple(c);
  const sizes = { B: 1, u: unit, v: unit, S: c.text.context + c.qFormer.queries };
  return {
    text: { label: "CLIP text", graph: textGraph(c), symbols: sizes },
    vision: {
      label: "CLIP vision", symbols: {},
      graph: simplify(trace("vision", { image: { shape: [1, 3, c.vision.imageSize, c.vision.imageSize] } }, ({ image }) => ({ tokens: visionTokens(params, c, "style", image) }))),
    },
    qFormer: {
      label: "Q-Former", symbols: {},
      graph: simplify(trace("q-former", { vision: { shape: [1, patches, c.vision.width] } }, ({ vision }) => ({ tokens: branchTokens(params, c, "style", vision) }))),
    },
    conditioning: { label: "keys and values", graph: conditioningGraph(c, { image: true }), symbols: sizes },
    unet: { label: "U-Net step", graph: uNetGraph(c), symbols: sizes },
    decode: { label: "VAE decode", graph: decodeGraph(c), symbols: sizes },
  };
}

/** Normal noise for every input; ids that any vocabulary has; the middle timestep. */
export function feedsOf({ graph, symbols }: Stage): Record<string, HostTensor> {
  const noise = createNoise(1 << 18);
  const values = new Map(Object.entries(symbols));
  return Object.fromEntries(graph.inputs.map((x, i): [string, HostTensor] => {
    const name = x.op.kind === "input" ? x.op.name : "";
    const dims = x.shape.map((d) => evaluateDim(d, values));
    const count = dims.reduce((n, d) => n * d, 1);
    if (x.dtype === "int64") return [name, { dtype: "int64", dims, data: BigInt64Array.from({ length: count }, (_, j) => BigInt(j % 50)) }];
    const at = (j: number): number => (name === "timestep" ? 500 : (noise[(j + 7919 * i) % noise.length] ?? 0));
    return [name, { dtype: "float32", dims, data: Float32Array.from({ length: count }, (_, j) => at(j)) }];
  }));
}

/** Bytes of a graph's parameters in float32. */
export const weightBytes = (graph: Graph): number => 4 * parametersOf(graph).reduce((sum, { shape }) => sum + Number(sizeOf(shape)), 0);
