/**
 * The graphs of a job, each traced from the networks with symbolic batch and size: one set serves every request.
 */
import { mulDims, symbol } from "../graph/dim.ts";
import type { Dim } from "../graph/dim.ts";
import { trace } from "../graph/graph.ts";
import type { Graph, InputSpec } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { simplify } from "../graph/simplify.ts";
import type { LayerKeys } from "../models/attention.ts";
import { textEncoder } from "../models/clip.ts";
import { branchTokens, conditioning, deadiffSpec, visionTokens } from "../models/deadiff.ts";
import type { Branch, DeadiffConfig } from "../models/deadiff.ts";
import { bindParams } from "../models/params.ts";
import { crossAttentionWidths, uNet } from "../models/unet.ts";
import { vaeDecode, vaeEncode, vaeFactor } from "../models/vae.ts";
import { div, mul, slice } from "../graph/ops.ts";

const B = symbol("B");

/** Latent height and width that every level of the U-Net divides: multiples of patch 2^(levels - 1). */
export const latentMultiple = (c: DeadiffConfig): number => c.unet.patch * 2 ** (c.unet.multipliers.length - 1);

/** Side of the latent that kernels are chosen for, a picture at a time; other sizes run in the same graph. */
const TYPICAL_LATENT = 64;

const typically = (c: DeadiffConfig, graph: Graph): Graph => {
  const units = TYPICAL_LATENT / latentMultiple(c);
  return { ...graph, typical: { B: 1, u: units, v: units } };
};

const latentDims = (c: DeadiffConfig): [Dim, Dim] => [mulDims(symbol("u"), latentMultiple(c)), mulDims(symbol("v"), latentMultiple(c))];

/** Prompt ids [B, T] -> `text` [B, T, E]. */
export const textGraph = (c: DeadiffConfig): Graph =>
  simplify(trace("text", { ids: { shape: [B, c.text.context], dtype: "int64" } }, ({ ids }) => ({
    text: textEncoder(bindParams(deadiffSpec(c).text, "text"), c.text, ids),
  })));

/** CLIP-normalised references [B, 3, H, W] -> `tokens` [B, Q, E] under one condition. */
export const referenceGraph = (c: DeadiffConfig, branch: Branch): Graph =>
  simplify(trace(`reference-${branch}`, { image: { shape: [B, 3, c.vision.imageSize, c.vision.imageSize] } }, ({ image }) => {
    const params = bindParams(deadiffSpec(c).image, "image");
    return { tokens: branchTokens(params, c, branch, visionTokens(params, c, branch, image)) };
  }));

/** The named keys and values of all layers: `k.0`, `v.0`, ... and for added attention `imageK.0`, `imageV.0`, ... */
export function nameKeys(keys: readonly LayerKeys[]): Record<string, Tensor> {
  return Object.fromEntries(keys.flatMap((layer, i): [string, Tensor][] => {
    const text: [string, Tensor][] = [[`k.${i}`, layer.k], [`v.${i}`, layer.v]];
    return layer.kind === "joint" ? text : [...text, [`imageK.${i}`, layer.imageK], [`imageV.${i}`, layer.imageV]];
  }));
}

/**
 * Text tokens, and (unless `image` is false: the off switch) image tokens of both branches and gains per layer, to the
 * keys and values of every layer.
 */
export function conditioningGraph(c: DeadiffConfig, { image }: { image: boolean }): Graph {
  const context = bindParams(deadiffSpec(c).context, "context");
  const text: InputSpec = { shape: [B, c.text.context, c.unet.contextWidth] };
  if (!image) return simplify(trace("conditioning-text", { text }, (x) => nameKeys(conditioning(context, c, x.text, null, null))));
  const tokens: InputSpec = { shape: [B, c.qFormer.queries, c.unet.contextWidth] };
  const gains: InputSpec = { shape: [B, c.layerMap.length] };
  return simplify(trace("conditioning", { text, style: tokens, content: tokens, gains }, (x) =>
    nameKeys(conditioning(context, c, x.text, { style: x.style, content: x.content }, x.gains))));
}

/** The inputs of `uNetGraph` that hold keys and values, and their shapes. */
export function keySpecs(c: DeadiffConfig, image: boolean): Record<string, InputSpec> {
  const joint = c.attention === "joint" || !image;
  return Object.fromEntries(crossAttentionWidths(c.unet).flatMap((width, i) => {
    const queries = c.qFormer.queries * (c.layerMap[i] === "both" ? 2 : 1);
    // The number of keys is a symbol, so that one graph serves prompts with and without image keys; widths of layers
    // that read both branches differ, hence a symbol a layer.
    const keys: Dim = joint ? symbol(c.layerMap.includes("both") ? `S${i}` : "S") : c.text.context;
    const main: [string, InputSpec][] = [[`k.${i}`, { shape: [B, keys, width] }], [`v.${i}`, { shape: [B, keys, width] }]];
    return joint ? main : [...main, [`imageK.${i}`, { shape: [B, queries, width] }], [`imageV.${i}`, { shape: [B, queries, width] }]];
  }));
}

/** One evaluation of the U-Net: `latent` [B, C, h, w], `timestep` [B] and every layer's keys -> `prediction` [B, C, h, w]. */
export function uNetGraph(c: DeadiffConfig, options: { image: boolean } = { image: true }): Graph {
  const specs = keySpecs(c, options.image);
  const added = c.attention === "added" && options.image;
  return typically(c, simplify(trace("unet", { latent: { shape: [B, c.unet.latentChannels, ...latentDims(c)] }, timestep: { shape: [B] }, ...specs }, (x) => {
    const inputs = x as Record<string, Tensor>;
    const of = (name: string): Tensor => {
      const tensor = inputs[name];
      if (tensor === undefined) throw new TypeError(`unet: no input ${name}`);
      return tensor;
    };
    const keys = c.layerMap.map((_, i): LayerKeys => added
      ? { kind: "added", k: of(`k.${i}`), v: of(`v.${i}`), imageK: of(`imageK.${i}`), imageV: of(`imageV.${i}`) }
      : { kind: "joint", k: of(`k.${i}`), v: of(`v.${i}`) });
    return { prediction: uNet(bindParams(deadiffSpec(c).unet, "unet"), c.unet, of("latent"), of("timestep"), keys) };
  })));
}

/** Scaled latents [B, C, h, w] -> `pixels` about -1..1 [B, 3, H, W]. */
export const decodeGraph = (c: DeadiffConfig): Graph =>
  typically(c, simplify(trace("vae-decode", { latent: { shape: [B, c.vae.latentChannels, ...latentDims(c)] } }, ({ latent }) => ({
    pixels: vaeDecode(bindParams(deadiffSpec(c).vae.decoder, "vae.decoder"), c.vae, div(latent, c.vae.scale)),
  }))));

/** Pixels -1..1 [B, 3, H, W] -> the mean of the scaled latent, `latent` [B, C, h, w]. */
export const encodeGraph = (c: DeadiffConfig): Graph => {
  const [h, w] = latentDims(c).map((d) => mulDims(d, vaeFactor(c.vae))) as [Dim, Dim];
  return typically(c, simplify(trace("vae-encode", { pixels: { shape: [B, 3, h, w] } }, ({ pixels }) => {
    const moments = vaeEncode(bindParams(deadiffSpec(c).vae.encoder, "vae.encoder"), c.vae, pixels);
    return { latent: mul(slice(moments, 1, 0, c.vae.latentChannels), c.vae.scale) };
  })));
};

/** The graphs that a model runs, by the names they are asked for. */
export const GRAPH_NAMES = [
  "text", "reference-style", "reference-content", "conditioning", "conditioning-text", "unet", "unet-text", "vae-decode", "vae-encode",
] as const;

export type GraphName = (typeof GRAPH_NAMES)[number];

/**
 * Traces a graph by its name. `conditioning-text` leaves image keys out; `unet-text` takes such keys where attention is
 * `added` (with `joint` attention `unet` takes either, since the number of keys is a symbol).
 */
export function graphNamed(c: DeadiffConfig, name: GraphName): Graph {
  switch (name) {
    case "text": return textGraph(c);
    case "reference-style": return referenceGraph(c, "style");
    case "reference-content": return referenceGraph(c, "content");
    case "conditioning": return conditioningGraph(c, { image: true });
    case "conditioning-text": return conditioningGraph(c, { image: false });
    case "unet": return uNetGraph(c);
    case "unet-text": return uNetGraph(c, { image: false });
    case "vae-decode": return decodeGraph(c);
    case "vae-encode": return encodeGraph(c);
  }
}
