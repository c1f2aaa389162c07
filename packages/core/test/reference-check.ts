/**
 * Compares this package with tensors that the method's published code computed: from its checkpoint through import,
 * bundle, tracing, lowering and ONNX Runtime. Sizes come from the folder's config.json; nothing here depends on them.
 */
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { grad } from "../src/graph/grad.ts";
import { parametersOf, trace } from "../src/graph/graph.ts";
import type { Graph, InputSpec } from "../src/graph/graph.ts";
import { interpret } from "../src/graph/interpret.ts";
import type { Feeds } from "../src/graph/interpret.ts";
import { PROFILES } from "../src/graph/onnx/profile.ts";
import type { Profile } from "../src/graph/onnx/profile.ts";
import { add, broadcast, constant, mean, mul, square, sub } from "../src/graph/ops.ts";
import { simplify } from "../src/graph/simplify.ts";
import type { Tensor } from "../src/graph/tensor.ts";
import { textEncoder } from "../src/models/clip.ts";
import { BRANCHES, branchTokens, conditioning, deadiffSpec, queryStates, trainedParams, visionTokens } from "../src/models/deadiff.ts";
import type { Branch, DeadiffConfig } from "../src/models/deadiff.ts";
import { layerNorm } from "../src/models/layers.ts";
import { bindParams, listParams } from "../src/models/params.ts";
import { uNet } from "../src/models/unet.ts";
import { vaeDecode, vaeEncode } from "../src/models/vae.ts";
import { importCheckpoint } from "../src/node/import-checkpoint.ts";
import { modelWeights, sessionSource } from "../src/node/model-weights.ts";
import { openBundle } from "../src/node/open-bundle.ts";
import { openModel } from "../src/node/open-model.ts";
import { openSafetensorsFile } from "../src/node/safetensors-file.ts";
import type { Conditions } from "../src/pipeline/keys.ts";
import type { Model } from "../src/pipeline/model.ts";
import { float32Output } from "../src/pipeline/outputs.ts";
import { combineReferences } from "../src/pipeline/references.ts";
import { ownRuns } from "../src/pipeline/rows.ts";
import { sampleLatents } from "../src/pipeline/sample.ts";
import { BERT_CONDITIONS, contentLayers, deadiffConfigSchema, SD15 } from "../src/presets.ts";
import { crossAttentionWidths } from "../src/models/unet.ts";
import { inlineRuntime } from "../src/runtime/inline.ts";
import { planSampling } from "../src/sampling/plan.ts";
import { betas, makeSchedule, SD_BETAS } from "../src/sampling/schedule.ts";
import type { HostTensor, Session } from "../src/session.ts";
import { float32Values } from "../src/weights/host-tensor.ts";
import { foreignKeys } from "../src/weights/key-map.ts";
import type { Safetensors } from "../src/weights/safetensors.ts";

/** One compared tensor: the largest error over the reference's standard deviation, beside what is allowed. */
export type Comparison = { name: string; error: number; tolerance: number };

/** Single stages in float32, and what accumulates over steps or through a backward pass (the reference's README). */
const STAGE = 1e-4;
const LONG = 1e-3;
/** Central differences at h = 1e-6 in float64. */
const EXACT = 1e-5;

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

async function readConfig(folder: string, imageSize: number): Promise<DeadiffConfig> {
  const { unet, text, vision, qformer, vae } = referenceConfig.parse(JSON.parse(await readFile(join(folder, "config.json"), "utf8")));
  const sizes = {
    ...SD15.unet, channels: unet.model_channels, multipliers: unet.channel_mult, resBlocks: unet.num_res_blocks, attentionFactors: unet.attention_resolutions,
    heads: unet.num_heads, contextWidth: text.width,
  };
  return deadiffConfigSchema.parse({
    name: "reference",
    text: { vocabulary: text.vocab, width: text.width, layers: text.layers, heads: text.heads, context: text.context },
    vision: { imageSize, ...vision },
    qFormer: {
      width: qformer.hidden, layers: qformer.layers, heads: qformer.heads, intermediate: qformer.intermediate, queries: qformer.queries,
      vocabulary: qformer.vocab, maxPositions: qformer.maxpos, imageWidth: vision.width, conditions: BERT_CONDITIONS,
    },
    sharedQFormer: false, sharedVision: false,
    unet: sizes,
    vae: { ...SD15.vae, channels: vae.ch, multipliers: vae.ch_mult, resBlocks: vae.num_res_blocks },
    layerMap: contentLayers(crossAttentionWidths(sizes).length, unet.content_layer),
    attention: "joint", prediction: "eps",
  } satisfies DeadiffConfig);
}

/** What every check needs: the imported model, a way to run graphs over it, and the reference's tensors. */
type Context = {
  config: DeadiffConfig;
  io: Safetensors;
  grads: Safetensors;
  /** The same model as a job sees it. */
  model: Model;
  open: (graph: Graph) => Promise<Session>;
  run: (graph: Graph, feeds: Record<string, HostTensor>) => Promise<Record<string, HostTensor>>;
  compare: (name: string, actual: HostTensor | undefined, expected: HostTensor, tolerance: number) => void;
  /** The parameters of a graph as the bundle holds them, where gradients are also checked in float64. */
  exactFeeds: ((graph: Graph) => Promise<Feeds>) | null;
};

/**
 * Runs every comparison; with `exact` also each task's gradient in float64 against central differences of its loss.
 * @param folder holds checkpoint.ckpt, config.json, io.safetensors and grads.safetensors
 */
export async function checkReference(folder: string, options: { tokenizer: string; profile?: Profile; exact?: boolean }): Promise<Comparison[]> {
  const io = await openSafetensorsFile(join(folder, "io.safetensors"));
  const grads = await openSafetensorsFile(join(folder, "grads.safetensors"));
  const bundleFolder = join(tmpdir(), `deadiff-reference-${process.pid}`);
  const runtime = await inlineRuntime();
  try {
    const config = await readConfig(folder, (await io.read("image")).dims.at(-1) ?? 224);
    const manifest = await importCheckpoint({
      checkpoint: join(folder, "checkpoint.ckpt"), tokenizer: options.tokenizer, out: bundleFolder, config,
      sizes: { default: 64, min: 64, max: 64, multipleOf: 64 }, overwrite: true,
    });
    const bundle = await openBundle(bundleFolder, { config: deadiffConfigSchema, verify: "full" });
    const weights = await modelWeights(bundle);
    const comparisons: Comparison[] = [];
    const open = (graph: Graph): Promise<Session> => runtime.open(sessionSource(simplify(graph), weights, options.profile ?? PROFILES.cpu));
    const context: Context = {
      config: manifest.config, io, grads,
      model: await openModel(bundleFolder, runtime, { verify: "sizes" }),
      open,
      run: async (graph, feeds) => {
        const session = await open(graph);
        try {
          return await session.run(feeds);
        } finally {
          await session.close();
        }
      },
      exactFeeds: options.exact === true ? (graph) => parameterFeeds(graph, bundle.path("weights.safetensors")) : null,
      compare: (name, actual, expected, tolerance) => comparisons.push({ name, tolerance, error: relativeError(actual, expected) }),
    };
    await checkEncoders(context);
    await checkUNet(context);
    await checkDdim(context);
    await checkDdimOfPipeline(context);
    await checkVae(context);
    await checkGradients(context);
    return comparisons;
  } finally {
    await runtime.close();
    await io.close();
    await grads.close();
    await rm(bundleFolder, { recursive: true, force: true });
  }
}

/** Standard deviation; the magnitude of a lone number. */
function scaleOf(x: HostTensor): number {
  const values = Array.from(x.data, Number);
  const average = values.reduce((a, b) => a + b, 0) / values.length;
  return values.length === 1 ? Math.abs(average) : Math.sqrt(values.reduce((a, b) => a + (b - average) ** 2, 0) / values.length);
}

/** Largest difference; infinite where shapes differ or a value is not a number. */
function largestDifference(a: HostTensor | undefined, b: HostTensor): number {
  if (a === undefined || a.dims.join() !== b.dims.join()) return Infinity;
  let worst = 0;
  for (let i = 0; i < b.data.length; i++) {
    const d = Math.abs(Number(a.data[i]) - Number(b.data[i]));
    if (!(d <= worst)) worst = Number.isNaN(d) ? Infinity : d;
  }
  return worst;
}

/** Largest difference over the expected tensor's standard deviation (absolute where that is zero). */
const relativeError = (actual: HostTensor | undefined, expected: HostTensor): number =>
  largestDifference(actual, expected) / (scaleOf(expected) || 1);

const specOf = (x: HostTensor): InputSpec => ({ shape: x.dims, dtype: x.dtype === "int64" ? "int64" : "float32" });
const toFloat = (x: HostTensor): HostTensor => ({ dtype: "float32", dims: x.dims, data: Float32Array.from(x.data, Number) });

async function checkEncoders({ config: c, io, run, compare }: Context): Promise<void> {
  const image = await io.read("image");
  for (const branch of BRANCHES) {
    const graph = trace(branch, { image: specOf(image) }, (x) => {
      const params = bindParams(deadiffSpec(c).image, "image");
      const vision = visionTokens(params, c, branch, x.image);
      const former = params[branch].qFormer ?? params.style.qFormer;
      return {
        vision_tokens: layerNorm(former.normImage, vision),
        qformer: queryStates(params, c, branch, vision),
        image_tokens: branchTokens(params, c, branch, vision),
      };
    });
    const results = await run(graph, { image });
    for (const stage of ["vision_tokens", "qformer", "image_tokens"]) {
      compare(`${branch}.${stage}`, results[stage], await io.read(`${branch}.${stage}`), STAGE);
    }
  }
  for (const [ids, tokens] of [["text_ids", "text_tokens"], ["negative_ids", "negative_tokens"]] as const) {
    const fed = await io.read(ids);
    const graph = trace("text", { ids: specOf(fed) }, (x) => ({ text: textEncoder(bindParams(deadiffSpec(c).text, "text"), c.text, x.ids) }));
    compare(tokens, (await run(graph, { ids: fed }))["text"], await io.read(tokens), STAGE);
  }
}

type Condition = Branch | "style&content" | "uncond";

/** The U-Net at (latent, timestep) under text, both branches' tokens (zeros where unused) and one gain for all layers. */
function predict(c: DeadiffConfig, x: { latent: Tensor; timestep: Tensor; text: Tensor; style: Tensor; content: Tensor; gains: Tensor }): Tensor {
  const spec = deadiffSpec(c);
  const keys = conditioning(bindParams(spec.context, "context"), c, x.text, { style: x.style, content: x.content }, x.gains);
  return uNet(bindParams(spec.unet, "unet"), c.unet, x.latent, x.timestep, keys);
}

async function uNetFeeds({ config: c, io }: Context, condition: Condition, gain: number): Promise<Record<string, HostTensor>> {
  const tokens = async (branch: Branch): Promise<HostTensor> => {
    const read = await io.read(`${branch}.image_tokens`);
    return condition.split("&").includes(branch) ? read : { dtype: "float32", dims: read.dims, data: new Float32Array(read.data.length) };
  };
  const latent = await io.read("latent");
  const batch = latent.dims[0] ?? 1;
  const layers = c.layerMap.length;
  return {
    latent, timestep: toFloat(await io.read("timesteps")), text: await io.read(condition === "uncond" ? "negative_tokens" : "text_tokens"),
    style: await tokens("style"), content: await tokens("content"),
    gains: { dtype: "float32", dims: [batch, layers], data: new Float32Array(batch * layers).fill(gain) },
  };
}

type PredictInputs = Parameters<typeof predict>[1];
const uNetGraph = (c: DeadiffConfig, feeds: Record<string, HostTensor>): Graph =>
  trace("unet", Object.fromEntries(Object.entries(feeds).map(([name, x]) => [name, specOf(x)])), (x) => ({ eps: predict(c, x as PredictInputs) }));

async function checkUNet(context: Context): Promise<void> {
  for (const key of context.io.tensors.keys()) {
    const match = /^unet\.(style|content|style&content|uncond)\.w([\d.]+)$/.exec(key);
    if (match === null) continue;
    const feeds = await uNetFeeds(context, match[1] as Condition, Number(match[2]));
    const { eps } = await context.run(uNetGraph(context.config, feeds), feeds);
    context.compare(key, eps, await context.io.read(key), STAGE);
  }
}

/** The trajectory as its README defines it, written out with the schedule alone, so that it also checks the samplers' ground. */
async function checkDdim(context: Context): Promise<void> {
  const { io, compare, run, config } = context;
  const [conditional, unconditional] = [await uNetFeeds(context, "style", 1), await uNetFeeds(context, "uncond", 1)];
  const graph = uNetGraph(config, conditional);
  const timesteps = Array.from((await io.read("ddim.timesteps")).data, Number);
  const bars = alphaBars();
  const alphaBar = (t: number): number => bars[t] ?? NaN;
  const start = await io.read("latent");
  let x = Float64Array.from(start.data, Number);
  for (let i = timesteps.length - 1; i >= 0; i--) {
    const t = timesteps[i] ?? 0;
    const latent: HostTensor = { dtype: "float32", dims: start.dims, data: Float32Array.from(x) };
    const timestep: HostTensor = { dtype: "float32", dims: [start.dims[0] ?? 1], data: new Float32Array(start.dims[0] ?? 1).fill(t) };
    const at = async (feeds: Record<string, HostTensor>): Promise<ArrayLike<number>> =>
      Array.from((await run(graph, { ...feeds, latent, timestep }))["eps"]?.data ?? [], Number);
    const [cond, uncond] = [await at(conditional), await at(unconditional)];
    const [now, before] = [alphaBar(t), i > 0 ? alphaBar(timesteps[i - 1] ?? 0) : alphaBar(0)];
    x = x.map((value, j) => {
      const eps = (uncond[j] ?? NaN) + 8 * ((cond[j] ?? NaN) - (uncond[j] ?? NaN));
      const x0 = (value - Math.sqrt(1 - now) * eps) / Math.sqrt(now);
      return Math.sqrt(before) * x0 + Math.sqrt(1 - before) * eps;
    });
    const result: HostTensor = { dtype: "float32", dims: start.dims, data: Float32Array.from(x) };
    if (i === timesteps.length - 1) compare("ddim.step0", result, await io.read("ddim.step0"), LONG);
    if (i === 0) compare("ddim.final", result, await io.read("ddim.final"), LONG);
  }
}

/** The same trajectory through a job's own steps: encoders, combined references, kept keys, guidance, sampler. */
async function checkDdimOfPipeline({ config: c, io, model, compare }: Context): Promise<void> {
  const [image, start, textIds, negativeIds] = [await io.read("image"), await io.read("latent"), await io.read("text_ids"), await io.read("negative_ids")];
  const [images = 1, , height = 0, width = 0] = start.dims;
  const row = (x: HostTensor, i: number): HostTensor => {
    const size = x.data.length / images;
    return { ...x, dims: [1, ...x.dims.slice(1)], data: x.data.slice(i * size, (i + 1) * size) } as HostTensor;
  };
  const textTokens = async (ids: HostTensor): Promise<Float32Array> => float32Output(await model.run("text", { ids }), "text");
  const schedule = makeSchedule(betas(SD_BETAS));
  const plan = planSampling(schedule, { sampler: "ddim", steps: (await io.read("ddim.timesteps")).data.length });
  const finals: number[] = [];
  for (let i = 0; i < images; i++) {
    const style = float32Output(await model.run("reference-style", { image: row(image, i) }), "tokens");
    const conditions: Conditions = {
      text: { conditional: await textTokens(row(textIds, i)), unconditional: await textTokens(row(negativeIds, i)) },
      image: combineReferences(c, [{ tokens: { style }, weight: 1 }], c.layerMap.map(() => 1)),
    };
    const { evaluate, forget } = ownRuns(model, i % 2 === 0 ? "together" : "apart");
    const latents = await sampleLatents(evaluate, {
      schedule, prediction: c.prediction, plan, guidance: { scale: 8 }, conditions: [conditions], shape: { height, width },
      start: Float32Array.from(row(start, i).data, Number), noise: () => new Float32Array(0),
    });
    await forget([conditions]);
    finals.push(...latents);
  }
  compare("ddim.final (pipeline)", { dtype: "float32", dims: start.dims, data: Float32Array.from(finals) }, await io.read("ddim.final"), LONG);
}

/** prod (1 - beta) of beta = linspace(sqrt .00085, sqrt .012, 1000)^2. */
function alphaBars(): number[] {
  let product = 1;
  return Array.from({ length: 1000 }, (_, i) => {
    const [first, last] = [Math.sqrt(0.00085), Math.sqrt(0.012)];
    return product *= 1 - (first + ((last - first) * i) / 999) ** 2;
  });
}

async function checkVae({ config: c, io, run, compare }: Context): Promise<void> {
  const [latent, pixels] = [await io.read("vae.latent"), await io.read("vae.pixels")];
  const params = bindParams(deadiffSpec(c).vae, "vae");
  const decode = trace("decode", { latent: specOf(latent) }, (x) => ({ pixels: vaeDecode(params.decoder, c.vae, x.latent) }));
  compare("vae.decoded", (await run(decode, { latent }))["pixels"], await io.read("vae.decoded"), STAGE);
  const encode = trace("encode", { pixels: specOf(pixels) }, (x) => ({ moments: vaeEncode(params.encoder, c.vae, x.pixels) }));
  compare("vae.moments", (await run(encode, { pixels }))["moments"], await io.read("vae.moments"), STAGE);
}

async function checkGradients({ config: c, io, grads, open, compare, exactFeeds }: Context): Promise<void> {
  const keys = foreignKeys(c);
  const spec = deadiffSpec(c);
  const trained = new Set(trainedParams(c));
  const [x0, eps, timesteps, image, textIds] = [await grads.read("x0"), await grads.read("eps"), await grads.read("timesteps"), await io.read("image"), await io.read("text_ids")];
  const batch = x0.dims[0] ?? 1;
  const bars = Array.from(timesteps.data, Number).map((t) => alphaBars()[t] ?? NaN);
  for (const task of ["style", "content", "style&content"] as const) {
    const asked = task.split("&");
    const feeds: Record<string, HostTensor> = {
      x0, eps, image, timestep: toFloat(timesteps),
      ids: task === "style&content" ? { dtype: "int64", dims: textIds.dims, data: new BigInt64Array(textIds.data.length) } : textIds,
    };
    const names: string[] = [];
    const graph = trace(task, Object.fromEntries(Object.entries(feeds).map(([name, x]) => [name, specOf(x)])), (inputs) => {
      const x = inputs as { x0: Tensor; eps: Tensor; image: Tensor; timestep: Tensor; ids: Tensor };
      const params = bindParams(spec);
      const tokens = (branch: Branch): Tensor => asked.includes(branch)
        ? branchTokens(params.image, c, branch, visionTokens(params.image, c, branch, x.image))
        : broadcast(constant([0], []), [batch, c.qFormer.queries, c.unet.contextWidth]);
      const perSample = (f: (bar: number) => number): Tensor => constant(bars.map(f), [batch, 1, 1, 1]);
      const noisy = add(mul(x.x0, perSample(Math.sqrt)), mul(x.eps, perSample((bar) => Math.sqrt(1 - bar))));
      const layers = conditioning(params.context, c, textEncoder(params.text, c.text, x.ids), { style: tokens("style"), content: tokens("content") }, null);
      const loss = mean(square(sub(uNet(params.unet, c.unet, noisy, x.timestep, layers), x.eps)));
      const all = new Map(leaves(params).map((p) => [p.op.kind === "parameter" ? p.op.name : "", p] as const));
      const wanted = listParams(spec).map(({ name }) => name).filter((name) => trained.has(name));
      const gradients = grad(loss, wanted.map((name) => all.get(name) ?? loss));
      return { loss, ...Object.fromEntries(wanted.map((name, i) => { names.push(name); return [`d ${name}`, gradients[i] ?? loss]; })) };
    });
    const session = await open(graph);
    const results = await session.run(feeds);
    const spread = await roundingSpread(session, feeds, results);
    await session.close();
    if (exactFeeds !== null) {
      const { along, difference } = directionalDerivative(simplify(graph), names, { ...(await exactFeeds(graph)), ...feeds });
      compare(`${task}/float64 derivative along the gradient`, along, difference, EXACT);
    }
    compare(`${task}/loss`, results["loss"] && { ...results["loss"], dims: [1] }, await grads.read(`${task}/loss`), LONG);
    const seen = new Set([`${task}/loss`]);
    for (const name of names) {
      const key = `${task}/${keys.get(name)?.key ?? ""}`;
      const actual = results[`d ${name}`];
      if (grads.tensors.has(key)) {
        const expected = await grads.read(key);
        compare(key, actual, expected, Math.max(LONG, (4 * (spread[`d ${name}`] ?? 0)) / scaleOf(expected)));
      }
      // The reference lists gradients that are not zero; every other one of ours must be zero.
      else compare(`${key} (zero)`, actual, actual === undefined ? x0 : zeroLike(actual), 0);
      seen.add(key);
    }
    for (const key of grads.tensors.keys()) if (key.startsWith(`${task}/`) && !seen.has(key)) compare(key, undefined, await grads.read(key), LONG);
  }
}

/**
 * How far rounding alone moves each gradient: the largest change under inputs perturbed by up to two units in the last
 * place. Two correct float32 programs differ by about as much, so no smaller difference can be asked for. It matters
 * where a network is ill-conditioned: a group normalisation over two values near each other multiplies their rounding
 * by up to 1/sqrt(eps) = 316, and a key's bias has no gradient but rounding (softmax does not see it).
 */
async function roundingSpread(session: Session, feeds: Record<string, HostTensor>, results: Record<string, HostTensor>): Promise<Record<string, number>> {
  const spread: Record<string, number> = {};
  let state = 1;
  const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647 - 0.5;
  for (let trial = 0; trial < 8; trial++) {
    const perturbed = Object.fromEntries(Object.entries(feeds).map(([name, x]): [string, HostTensor] =>
      x.dtype === "float32" && name !== "timestep" ? [name, { ...x, data: x.data.map((v) => v * (1 + random() * 2 ** -21)) }] : [name, x]));
    for (const [name, x] of Object.entries(await session.run(perturbed))) {
      const base = results[name];
      if (base !== undefined) spread[name] = Math.max(spread[name] ?? 0, largestDifference(x, base));
    }
  }
  return spread;
}

async function parameterFeeds(graph: Graph, file: string): Promise<Feeds> {
  const weights = await openSafetensorsFile(file);
  const feeds: Record<string, Feeds[string]> = {};
  for (const { op } of parametersOf(graph)) {
    const tensor = await weights.read(op.name);
    feeds[op.name] = { dims: tensor.dims, data: float32Values(op.name, tensor) };
  }
  await weights.close();
  return feeds;
}

/**
 * The loss's derivative along its gradient g, in float64: as the gradient has it, |g|, and as a central difference has
 * it. Holds the gradient to account where float32 cannot (see `roundingSpread`).
 */
function directionalDerivative(graph: Graph, names: readonly string[], feeds: Feeds): { along: HostTensor; difference: HostTensor } {
  const results = interpret(graph, feeds);
  const norm = Math.sqrt(names.reduce((sum, name) => sum + (results[`d ${name}`]?.data.reduce((s, v) => s + v * v, 0) ?? 0), 0));
  const lossAt = (h: number): number => {
    const moved = Object.fromEntries(names.flatMap((name) => {
      const [g, w] = [results[`d ${name}`]?.data, feeds[name]];
      return g === undefined || w === undefined ? [] : [[name, { dims: w.dims, data: Float64Array.from(w.data, (v, i) => Number(v) + (h * (g[i] ?? 0)) / norm) }] as const];
    }));
    const loss = graph.outputs["loss"];
    return loss === undefined ? NaN : (interpret({ ...graph, outputs: { loss } }, { ...feeds, ...moved })["loss"]?.data[0] ?? NaN);
  };
  const h = 1e-6;
  const scalar = (value: number): HostTensor => ({ dtype: "float64", dims: [1], data: Float64Array.of(value) });
  return { along: scalar(norm), difference: scalar((lossAt(h) - lossAt(-h)) / (2 * h)) };
}

const zeroLike = (x: HostTensor): HostTensor => ({ dtype: "float32", dims: x.dims, data: new Float32Array(x.data.length) });

function leaves(tree: unknown): Tensor[] {
  if (typeof tree !== "object" || tree === null) return [];
  return "op" in tree ? [tree as Tensor] : Object.values(tree).flatMap(leaves);
}
