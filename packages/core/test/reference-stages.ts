/**
 * The stages whose results a reference folder holds, traced from the package's own functions, over whatever runs graphs:
 * ONNX Runtime to compare them with a reference, the float64 interpreter to write one.
 */
import { grad } from "../src/graph/grad.ts";
import { trace } from "../src/graph/graph.ts";
import type { Graph, InputSpec } from "../src/graph/graph.ts";
import { add, broadcast, constant, mean, mul, square, sub } from "../src/graph/ops.ts";
import type { Tensor } from "../src/graph/tensor.ts";
import { textEncoder } from "../src/models/clip.ts";
import { BRANCHES, branchTokens, conditioning, deadiffSpec, queryStates, trainedParams, visionTokens } from "../src/models/deadiff.ts";
import type { Branch, DeadiffConfig } from "../src/models/deadiff.ts";
import { layerNorm } from "../src/models/layers.ts";
import { bindParams, listParams } from "../src/models/params.ts";
import { uNet } from "../src/models/unet.ts";
import { vaeDecode, vaeEncode } from "../src/models/vae.ts";
import type { HostTensor } from "../src/session.ts";

/** Single stages in float32, and what accumulates over steps or through a backward pass (the reference's README). */
export const STAGE = 1e-4;
export const LONG = 1e-3;

export type Stages = {
  config: DeadiffConfig;
  /** An input or an earlier stage's result, by its name in io.safetensors. */
  read: (name: string) => Promise<HostTensor>;
  run: (graph: Graph, feeds: Record<string, HostTensor>) => Promise<Record<string, HostTensor>>;
  /** Takes a stage's result. @param tolerance in standard deviations of the expected tensor */
  found: (name: string, actual: HostTensor | undefined, tolerance: number) => Promise<void>;
};

const specOf = (x: HostTensor): InputSpec => ({ shape: x.dims, dtype: x.dtype === "int64" ? "int64" : "float32" });
const specsOf = (feeds: Record<string, HostTensor>): Record<string, InputSpec> => Object.fromEntries(Object.entries(feeds).map(([name, x]) => [name, specOf(x)]));
const toFloat = (x: HostTensor): HostTensor => ({ dtype: "float32", dims: x.dims, data: Float32Array.from(x.data, Number) });

/** Vision tokens, query states and image tokens of both branches, and the tokens of both texts. */
export async function encoderStages({ config: c, read, run, found }: Stages): Promise<void> {
  const image = await read("image");
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
    for (const stage of ["vision_tokens", "qformer", "image_tokens"]) await found(`${branch}.${stage}`, results[stage], STAGE);
  }
  for (const [ids, tokens] of [["text_ids", "text_tokens"], ["negative_ids", "negative_tokens"]] as const) {
    const fed = await read(ids);
    const graph = trace("text", { ids: specOf(fed) }, (x) => ({ text: textEncoder(bindParams(deadiffSpec(c).text, "text"), c.text, x.ids) }));
    await found(tokens, (await run(graph, { ids: fed }))["text"], STAGE);
  }
}

type Condition = Branch | "style&content" | "uncond";
type PredictInputs = { latent: Tensor; timestep: Tensor; text: Tensor; style: Tensor; content: Tensor; gains: Tensor };

/** The U-Net at (latent, timestep) under text, both branches' tokens (zeros where unused) and one gain for all layers. */
function predict(c: DeadiffConfig, x: PredictInputs): Tensor {
  const spec = deadiffSpec(c);
  const keys = conditioning(bindParams(spec.context, "context"), c, x.text, { style: x.style, content: x.content }, x.gains);
  return uNet(bindParams(spec.unet, "unet"), c.unet, x.latent, x.timestep, keys);
}

const uNetGraph = (c: DeadiffConfig, feeds: Record<string, HostTensor>): Graph => trace("unet", specsOf(feeds), (x) => ({ eps: predict(c, x as PredictInputs) }));

async function uNetFeeds({ config: c, read }: Stages, condition: Condition, gain: number): Promise<Record<string, HostTensor>> {
  const tokens = async (branch: Branch): Promise<HostTensor> => {
    const made = await read(`${branch}.image_tokens`);
    return condition.split("&").includes(branch) ? made : { dtype: "float32", dims: made.dims, data: new Float32Array(made.data.length) };
  };
  const latent = await read("latent");
  const batch = latent.dims[0] ?? 1;
  const layers = c.layerMap.length;
  return {
    latent, timestep: toFloat(await read("timesteps")), text: await read(condition === "uncond" ? "negative_tokens" : "text_tokens"),
    style: await tokens("style"), content: await tokens("content"),
    gains: { dtype: "float32", dims: [batch, layers], data: new Float32Array(batch * layers).fill(gain) },
  };
}

/** The U-Net in every mode and weight. @param names `unet.MODE.wWEIGHT`; other names are passed over */
export async function uNetStages(stages: Stages, names: Iterable<string>): Promise<void> {
  for (const name of names) {
    const match = /^unet\.(style|content|style&content|uncond)\.w([\d.]+)$/.exec(name);
    if (match === null) continue;
    const feeds = await uNetFeeds(stages, match[1] as Condition, Number(match[2]));
    await stages.found(name, (await stages.run(uNetGraph(stages.config, feeds), feeds))["eps"], STAGE);
  }
}

/** The trajectory as the reference's README defines it, written out with the schedule alone: it also checks the samplers' ground. */
export async function ddimStages(stages: Stages): Promise<void> {
  const { read, run, config } = stages;
  const [conditional, unconditional] = [await uNetFeeds(stages, "style", 1), await uNetFeeds(stages, "uncond", 1)];
  const graph = uNetGraph(config, conditional);
  const timesteps = Array.from((await read("ddim.timesteps")).data, Number);
  const bars = alphaBars();
  const alphaBar = (t: number): number => bars[t] ?? NaN;
  const start = await read("latent");
  const batch = start.dims[0] ?? 1;
  let x = Float64Array.from(start.data, Number);
  for (let i = timesteps.length - 1; i >= 0; i--) {
    const t = timesteps[i] ?? 0;
    const latent: HostTensor = { dtype: "float32", dims: start.dims, data: Float32Array.from(x) };
    const timestep: HostTensor = { dtype: "float32", dims: [batch], data: new Float32Array(batch).fill(t) };
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
    if (i === timesteps.length - 1) await stages.found("ddim.step0", result, LONG);
    if (i === 0) await stages.found("ddim.final", result, LONG);
  }
}

/** prod (1 - beta) of beta = linspace(sqrt .00085, sqrt .012, 1000)^2. */
function alphaBars(): number[] {
  let product = 1;
  return Array.from({ length: 1000 }, (_, i) => {
    const [first, last] = [Math.sqrt(0.00085), Math.sqrt(0.012)];
    return product *= 1 - (first + ((last - first) * i) / 999) ** 2;
  });
}

export async function vaeStages({ config: c, read, run, found }: Stages): Promise<void> {
  const [latent, pixels] = [await read("vae.latent"), await read("vae.pixels")];
  const params = bindParams(deadiffSpec(c).vae, "vae");
  const decode = trace("decode", { latent: specOf(latent) }, (x) => ({ pixels: vaeDecode(params.decoder, c.vae, x.latent) }));
  await found("vae.decoded", (await run(decode, { latent }))["pixels"], STAGE);
  const encode = trace("encode", { pixels: specOf(pixels) }, (x) => ({ moments: vaeEncode(params.encoder, c.vae, x.pixels) }));
  await found("vae.moments", (await run(encode, { pixels }))["moments"], STAGE);
}

/** The training tasks, by the conditions that the image side is asked with. */
export const TASKS = ["style", "content", "style&content"] as const;
export type Task = (typeof TASKS)[number];

/** What all tasks take: `x0`, `eps` and `timesteps` of grads.safetensors, `image` and `text_ids` of io.safetensors. */
export type TaskInputs = { x0: HostTensor; eps: HostTensor; timesteps: HostTensor; image: HostTensor; textIds: HostTensor };

/** One training step: its graph, with outputs `loss` and `d NAME` of every trained parameter, and what it is fed. */
export type TaskGraph = { graph: Graph; names: string[]; feeds: Record<string, HostTensor> };

export function taskGraph(c: DeadiffConfig, task: Task, { x0, eps, timesteps, image, textIds }: TaskInputs): TaskGraph {
  const asked = task.split("&");
  const spec = deadiffSpec(c);
  const trained = new Set(trainedParams(c));
  const names = listParams(spec).map(({ name }) => name).filter((name) => trained.has(name));
  const batch = x0.dims[0] ?? 1;
  const all = alphaBars();
  const bars = Array.from(timesteps.data, Number).map((t) => all[t] ?? NaN);
  const feeds: Record<string, HostTensor> = {
    x0, eps, image, timestep: toFloat(timesteps),
    ids: task === "style&content" ? { dtype: "int64", dims: textIds.dims, data: new BigInt64Array(textIds.data.length) } : textIds,
  };
  const graph = trace(task, specsOf(feeds), (inputs) => {
    const x = inputs as { x0: Tensor; eps: Tensor; image: Tensor; timestep: Tensor; ids: Tensor };
    const params = bindParams(spec);
    const tokens = (branch: Branch): Tensor => asked.includes(branch)
      ? branchTokens(params.image, c, branch, visionTokens(params.image, c, branch, x.image))
      : broadcast(constant([0], []), [batch, c.qFormer.queries, c.unet.contextWidth]);
    const perSample = (f: (bar: number) => number): Tensor => constant(bars.map(f), [batch, 1, 1, 1]);
    const noisy = add(mul(x.x0, perSample(Math.sqrt)), mul(x.eps, perSample((bar) => Math.sqrt(1 - bar))));
    const layers = conditioning(params.context, c, textEncoder(params.text, c.text, x.ids), { style: tokens("style"), content: tokens("content") }, null);
    const loss = mean(square(sub(uNet(params.unet, c.unet, noisy, x.timestep, layers), x.eps)));
    const byName = new Map(leaves(params).map((p) => [p.op.kind === "parameter" ? p.op.name : "", p] as const));
    const gradients = grad(loss, names.map((name) => byName.get(name) ?? loss));
    return { loss, ...Object.fromEntries(names.map((name, i) => [`d ${name}`, gradients[i] ?? loss])) };
  });
  return { graph, names, feeds };
}

function leaves(tree: unknown): Tensor[] {
  if (typeof tree !== "object" || tree === null) return [];
  return "op" in tree ? [tree as Tensor] : Object.values(tree).flatMap(leaves);
}
