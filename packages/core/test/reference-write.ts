import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parametersOf } from "../src/graph/graph.ts";
import type { Graph } from "../src/graph/graph.ts";
import { interpret } from "../src/graph/interpret.ts";
import type { Feeds } from "../src/graph/interpret.ts";
import { deadiffSpec } from "../src/models/deadiff.ts";
import { listParams } from "../src/models/params.ts";
import { vaeFactor } from "../src/models/vae.ts";
import { writeSafetensorsFile } from "../src/node/safetensors-file.ts";
import { openWeightFile } from "../src/node/weight-file.ts";
import { gaussian } from "../src/sampling/noise.ts";
import type { HostTensor } from "../src/session.ts";
import { float32Values } from "../src/weights/host-tensor.ts";
import { foreignKeys } from "../src/weights/key-map.ts";
import { tensorToWrite } from "../src/weights/safetensors-write.ts";
import { torchCheckpoint } from "./io/torch-checkpoint.ts";
import { modelConfig } from "./reference-config.ts";
import type { ReferenceConfig } from "./reference-config.ts";
import { ddimStages, encoderStages, taskGraph, TASKS, uNetStages, vaeStages } from "./reference-stages.ts";

/**
 * Writes a folder of the form of the authors' reference, of any sizes: a random checkpoint, and every stage and gradient
 * of it in float64. It shows that nothing depends on the sizes of the one reference; it is no witness of the method.
 */
export async function writeReference(
  folder: string, reference: ReferenceConfig, { imageSize, projection, latent: [h, w], timesteps }: { imageSize: number; projection: number; latent: [number, number]; timesteps: number[] },
): Promise<void> {
  const config = modelConfig(reference, imageSize, projection);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "config.json"), JSON.stringify(reference));
  await writeFile(join(folder, "checkpoint.ckpt"), torchCheckpoint(config, 11n));
  const parameters = await readParameters(join(folder, "checkpoint.ckpt"), config);
  const evaluate = (graph: Graph, feeds: Feeds): Record<string, HostTensor> => {
    const needed = Object.fromEntries(parametersOf(graph).map(({ op: { name } }) => [name, parameters[name] ?? { dims: [], data: [] }]));
    return Object.fromEntries(Object.entries(interpret(graph, { ...needed, ...feeds })).map(([name, { shape, data }]): [string, HostTensor] =>
      [name, { dtype: "float32", dims: shape, data: Float32Array.from(data) }]));
  };

  let stream = 0;
  const normal = (...dims: number[]): HostTensor => ({ dtype: "float32", dims, data: gaussian(12n, stream++, dims.reduce((n, d) => n * d, 1)) });
  const integers = (dims: number[], value: (i: number) => number): HostTensor =>
    ({ dtype: "int64", dims, data: BigInt64Array.from({ length: dims.reduce((n, d) => n * d, 1) }, (_, i) => BigInt(value(i))) });
  const { vocabulary, context } = config.text;
  const side = vaeFactor(config.vae);
  const io = new Map<string, HostTensor>([
    ["image", normal(2, 3, imageSize, imageSize)], ["latent", normal(2, config.unet.latentChannels, h, w)], ["timesteps", integers([2], (i) => 250 + 490 * i)],
    ["text_ids", integers([2, context], (i) => (7 * i + 3) % vocabulary)], ["negative_ids", integers([2, context], (i) => (11 * i + 5) % vocabulary)],
    ["ddim.timesteps", integers([timesteps.length], (i) => timesteps[i] ?? 0)],
    ["vae.latent", normal(2, config.vae.latentChannels, h, w)], ["vae.pixels", normal(2, 3, side * h, side * w)],
  ]);
  const stages = {
    config,
    read: (name: string): Promise<HostTensor> => Promise.resolve(io.get(name) ?? normal()),
    run: (graph: Graph, feeds: Record<string, HostTensor>) => Promise.resolve(evaluate(graph, feeds)),
    found: (name: string, actual: HostTensor | undefined): Promise<void> => {
      if (actual !== undefined) io.set(name, actual);
      return Promise.resolve();
    },
  };
  await encoderStages(stages);
  await uNetStages(stages, ["style", "content", "style&content"].flatMap((mode) => [1, 0.5].map((weight) => `unet.${mode}.w${weight.toFixed(1)}`)).concat("unet.uncond.w1.0"));
  await ddimStages(stages);
  await vaeStages(stages);
  await writeSafetensorsFile(join(folder, "io.safetensors"), [...io].map(([name, x]) => tensorToWrite(name, x)));

  const keys = foreignKeys(config);
  const step = { x0: normal(2, config.unet.latentChannels, h, w), eps: normal(2, config.unet.latentChannels, h, w), timesteps: integers([2], (i) => 130 + 600 * i) };
  const grads = new Map<string, HostTensor>(Object.entries(step));
  for (const task of TASKS) {
    const { graph, names, feeds } = taskGraph(config, task, { ...step, image: await stages.read("image"), textIds: await stages.read("text_ids") });
    const results = evaluate(graph, feeds);
    for (const [output, key] of [["loss", "loss"], ...names.map((name) => [`d ${name}`, keys.get(name)?.key ?? ""])] as const) {
      const x = results[output];
      if (x !== undefined && (output === "loss" || x.data.some((v) => Number(v) !== 0))) grads.set(`${task}/${key}`, output === "loss" ? { ...x, dims: [1] } : x);
    }
  }
  await writeSafetensorsFile(join(folder, "grads.safetensors"), [...grads].map(([name, x]) => tensorToWrite(name, x)));
}

/** Every parameter by our name, as the checkpoint holds it. */
async function readParameters(path: string, config: ReturnType<typeof modelConfig>): Promise<Record<string, { dims: readonly number[]; data: Float32Array }>> {
  const source = await openWeightFile(path);
  const keys = foreignKeys(config);
  const parameters: Record<string, { dims: readonly number[]; data: Float32Array }> = {};
  for (const { name, spec: { shape } } of listParams(deadiffSpec(config))) {
    const { key, rows } = keys.get(name) ?? { key: name };
    const values = float32Values(key, await source.read(key));
    const rowSize = shape.slice(1).reduce((n, d) => n * d, 1);
    parameters[name] = { dims: shape, data: rows === undefined ? values : values.slice(rows[0] * rowSize, rows[1] * rowSize) };
  }
  await source.close();
  return parameters;
}
