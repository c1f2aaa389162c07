/**
 * Compares this package with tensors that the method's published code computed: from its checkpoint through import,
 * bundle, tracing, lowering and ONNX Runtime. Sizes come from the folder's config.json; nothing here depends on them.
 */
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parametersOf } from "../src/graph/graph.ts";
import type { Graph } from "../src/graph/graph.ts";
import { interpret } from "../src/graph/interpret.ts";
import type { Feeds } from "../src/graph/interpret.ts";
import { PROFILES } from "../src/graph/onnx/profile.ts";
import type { Profile } from "../src/graph/onnx/profile.ts";
import { simplify } from "../src/graph/simplify.ts";
import type { DeadiffConfig } from "../src/models/deadiff.ts";
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
import { deadiffConfigSchema } from "../src/presets.ts";
import { inlineRuntime } from "../src/runtime/inline.ts";
import { planSampling } from "../src/sampling/plan.ts";
import { betas, ddimTimesteps, makeSchedule, SD_BETAS } from "../src/sampling/schedule.ts";
import type { HostTensor, Session } from "../src/session.ts";
import { float32Values } from "../src/weights/host-tensor.ts";
import { foreignKeys } from "../src/weights/key-map.ts";
import type { Safetensors } from "../src/weights/safetensors.ts";
import { largestDifference, relativeError, scaleOf } from "./comparison.ts";
import type { Comparison } from "./comparison.ts";
import { readReferenceConfig } from "./reference-config.ts";
import { ddimStages, encoderStages, LONG, taskGraph, TASKS, uNetStages, vaeStages } from "./reference-stages.ts";

/** Central differences at h = 1e-6 in float64. */
const EXACT = 1e-5;

/** What every check needs: the imported model, a way to run graphs over it, and the reference's tensors. */
type Context = {
  config: DeadiffConfig;
  io: Safetensors;
  grads: Safetensors;
  /** The same model as a job sees it. */
  model: Model;
  open: (graph: Graph) => Promise<Session>;
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
    const config = await readReferenceConfig(folder, (await io.read("image")).dims.at(-1) ?? 224);
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
      exactFeeds: options.exact === true ? (graph) => parameterFeeds(graph, bundle.path("weights.safetensors")) : null,
      compare: (name, actual, expected, tolerance) => comparisons.push({ name, tolerance, error: relativeError(actual, expected) }),
    };
    await checkStages(context);
    await checkDdimOfPipeline(context);
    await checkGradients(context);
    return comparisons;
  } finally {
    await runtime.close();
    await io.close();
    await grads.close();
    await rm(bundleFolder, { recursive: true, force: true });
  }
}

async function checkStages({ config, io, open, compare }: Context): Promise<void> {
  const stages = {
    config, read: (name: string) => io.read(name),
    run: async (graph: Graph, feeds: Record<string, HostTensor>) => {
      const session = await open(graph);
      try {
        return await session.run(feeds);
      } finally {
        await session.close();
      }
    },
    found: async (name: string, actual: HostTensor | undefined, tolerance: number) => compare(name, actual, await io.read(name), tolerance),
  };
  await encoderStages(stages);
  await uNetStages(stages, io.tensors.keys());
  await ddimStages(stages);
  await vaeStages(stages);
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
  const timesteps = Array.from((await io.read("ddim.timesteps")).data, Number);
  const [first = 0, second] = timesteps;
  const steps = second === undefined ? 1 : Math.floor(schedule.sigmas.length / (second - first));
  // A job's timesteps are evenly spaced from 1: over others there is no trajectory that it could take.
  if (ddimTimesteps(schedule, steps).join() !== timesteps.join()) return;
  const plan = planSampling(schedule, { sampler: "ddim", steps });
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

async function checkGradients({ config, io, grads, open, compare, exactFeeds }: Context): Promise<void> {
  const keys = foreignKeys(config);
  const inputs = { x0: await grads.read("x0"), eps: await grads.read("eps"), timesteps: await grads.read("timesteps"), image: await io.read("image"), textIds: await io.read("text_ids") };
  for (const task of TASKS) {
    const { graph, names, feeds } = taskGraph(config, task, inputs);
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
      else compare(`${key} (zero)`, actual, actual === undefined ? inputs.x0 : zeroLike(actual), 0);
      seen.add(key);
    }
    for (const key of grads.tensors.keys()) if (key.startsWith(`${task}/`) && !seen.has(key)) compare(key, undefined, await grads.read(key), LONG);
  }
}

/**
 * How far rounding alone moves each gradient: the largest change under inputs perturbed by up to two units in the last
 * place. Two correct float32 programs differ by about as much, so no smaller difference can be asked for. It matters
 * where a network is ill-conditioned: a group normalisation over two values near each other multiplies their rounding
 * by up to 1/sqrt(eps) = 316, and a key's bias has no gradient but rounding (softmax does not see it). Of the 336 gradients
 * of the reference in the repository, 162 differ from ours by more than 1e-3; the published code's own lie farther than that
 * from the float64 gradient in 176 cases, ours in 150.
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
