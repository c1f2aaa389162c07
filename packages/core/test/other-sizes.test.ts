/** A model of other widths, depths, patch, queries, heads and layer map than any preset, from a checkpoint to every graph's numbers. */
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { evaluateDim } from "../src/graph/dim.ts";
import { parametersOf } from "../src/graph/graph.ts";
import type { Graph } from "../src/graph/graph.ts";
import { interpret } from "../src/graph/interpret.ts";
import type { Feeds } from "../src/graph/interpret.ts";
import { PROFILES } from "../src/graph/onnx/profile.ts";
import type { DeadiffConfig } from "../src/models/deadiff.ts";
import { crossAttentionWidths } from "../src/models/unet.ts";
import { importCheckpoint } from "../src/node/import-checkpoint.ts";
import { modelWeights, sessionSource } from "../src/node/model-weights.ts";
import { openBundle } from "../src/node/open-bundle.ts";
import { openSafetensorsFile } from "../src/node/safetensors-file.ts";
import { graphNamed } from "../src/pipeline/graphs.ts";
import type { GraphName } from "../src/pipeline/graphs.ts";
import { BERT_CONDITIONS, deadiffConfigSchema, SD15 } from "../src/presets.ts";
import { inlineRuntime } from "../src/runtime/inline.ts";
import { gaussian } from "../src/sampling/noise.ts";
import type { HostTensor } from "../src/session.ts";
import { float32Values } from "../src/weights/host-tensor.ts";
import { scaleOf } from "./comparison.ts";
import { torchCheckpoint } from "./io/torch-checkpoint.ts";
import { checkReference } from "./reference-check.ts";
import { tokenizerFixture } from "./reference-folder.ts";
import { writeReference } from "./reference-write.ts";

const unet = { ...SD15.unet, channels: 24, multipliers: [1, 3], resBlocks: 1, attentionFactors: [2], heads: 3, groups: 6, contextWidth: 20 };
const config: DeadiffConfig = {
  name: "odd", unet,
  text: { vocabulary: 300, width: 20, layers: 3, heads: 5, context: 11 },
  vision: { imageSize: 30, patch: 10, width: 28, layers: 2, heads: 7 },
  qFormer: { width: 20, layers: 3, heads: 2, intermediate: 52, queries: 5, vocabulary: 4200, maxPositions: 9, imageWidth: 28, conditions: BERT_CONDITIONS },
  sharedQFormer: false, sharedVision: false,
  vae: { ...SD15.vae, channels: 12, multipliers: [1, 2, 3], resBlocks: 1, groups: 6 },
  layerMap: crossAttentionWidths(unet).map((_, i) => (["both", "style", "content"] as const)[i % 3] ?? "style"),
  attention: "joint", prediction: "eps",
};
/** One odd picture size, two rows, and keys with the image tokens of one branch or both. */
const SYMBOLS: Readonly<Record<string, number>> = { B: 2, u: 2, v: 1, S: 16, S0: 21, S1: 16, S2: 16, S3: 21, S4: 16 };
/** Float32 against float64 over one stage, in deviations of the result. */
const TOLERANCE = 1e-4;

let folder: string;
let runtime: Awaited<ReturnType<typeof inlineRuntime>>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "deadiff-odd-"));
  runtime = await inlineRuntime({ threads: 1 });
  await writeFile(join(folder, "odd.ckpt"), torchCheckpoint(config, 7n));
  await importCheckpoint({
    checkpoint: join(folder, "odd.ckpt"), tokenizer: tokenizerFixture, out: join(folder, "bundle"), config,
    sizes: { default: 24, min: 8, max: 64, multipleOf: 8 },
  });
});
afterAll(async () => {
  await runtime.close();
  await rm(folder, { recursive: true });
});

/** Moves the first value of a tensor in a safetensors file by a tenth of the tensor's deviation. */
async function disturb(path: string, name: string): Promise<void> {
  const file = await openSafetensorsFile(path);
  const { fileOffset } = file.tensors.get(name)!;
  const tensor = await file.read(name);
  await file.close();
  const value = Buffer.alloc(4);
  value.writeFloatLE(Number(tensor.data[0]) + 0.1 * scaleOf(tensor));
  const handle = await open(path, "r+");
  await handle.write(value, 0, 4, fileOffset);
  await handle.close();
}

function feedsOf(graph: Graph): Record<string, HostTensor> {
  const values = new Map(Object.entries(SYMBOLS));
  return Object.fromEntries(graph.inputs.map((x, i): [string, HostTensor] => {
    const name = x.op.kind === "input" ? x.op.name : "";
    const dims = x.shape.map((d) => evaluateDim(d, values));
    const size = dims.reduce((n, d) => n * d, 1);
    if (x.dtype === "int64") return [name, { dtype: "int64", dims, data: BigInt64Array.from({ length: size }, (_, j) => BigInt((j * 7) % config.text.vocabulary)) }];
    return [name, { dtype: "float32", dims, data: gaussian(9n, i, size).map((v) => (name === "timestep" ? 400 + 50 * v : v)) }];
  }));
}

test("sizes that no preset has: the checkpoint is imported whole, its layer map with it", async () => {
  const { manifest } = await openBundle(join(folder, "bundle"), { config: deadiffConfigSchema, verify: "full" });
  expect(manifest.config).toEqual(config);
  expect(config.layerMap.length).toBe(4);
});

test.each<GraphName>(["text", "reference-style", "reference-content", "conditioning", "conditioning-text", "unet", "vae-decode", "vae-encode"])(
  "sizes that no preset has: %s equals the float64 interpreter", async (name) => {
    const bundle = await openBundle(join(folder, "bundle"), { config: deadiffConfigSchema, verify: "sizes" });
    const graph = graphNamed(config, name);
    const weights = await openSafetensorsFile(bundle.path("weights.safetensors"));
    const parameters: Record<string, Feeds[string]> = {};
    for (const { op } of parametersOf(graph)) {
      const stored = await weights.read(op.name);
      parameters[op.name] = { dims: stored.dims, data: float32Values(op.name, stored) };
    }
    await weights.close();
    const feeds = feedsOf(graph);
    const exact = interpret(graph, { ...parameters, ...feeds });
    for (const profile of [PROFILES.cpu, PROFILES.plain]) {
      const session = await runtime.open(sessionSource(graph, await modelWeights(bundle), profile));
      const results = await session.run(feeds);
      await session.close();
      expect(Object.keys(results).sort()).toEqual(Object.keys(exact).sort());
      for (const [output, expected] of Object.entries(exact)) {
        const actual = results[output]!;
        expect(actual.dims).toEqual(expected.shape);
        const deviation = Math.sqrt(expected.data.reduce((sum, v) => sum + v * v, 0) / expected.data.length);
        expect(deviation).toBeGreaterThan(1e-3);
        const worst = expected.data.reduce((most, v, i) => Math.max(most, Math.abs(v - Number(actual.data[i]))), 0);
        expect(worst / deviation).toBeLessThan(TOLERANCE);
      }
    }
  },
);

test("sizes that no preset has: a reference folder of them is checked as the authors' is, and a value of it that is wrong is found", async () => {
  const reference = join(folder, "reference");
  await writeReference(reference, {
    unet: { model_channels: 32, attention_resolutions: [2], num_res_blocks: 1, channel_mult: [1, 2], num_heads: 8, content_layer: [0, 2] },
    text: { vocab: 90, width: 24, layers: 3, heads: 3, context: 9 },
    vision: { patch: 10, width: 28, layers: 3, heads: 7 },
    qformer: { vocab: 4200, hidden: 24, layers: 3, heads: 2, intermediate: 40, queries: 5, maxpos: 8 },
    vae: { ch: 32, ch_mult: [1, 1], num_res_blocks: 2 },
  }, { imageSize: 30, projection: 50, latent: [2, 4], timesteps: [1, 501] });
  const check = async () => (await checkReference(reference, { tokenizer: tokenizerFixture })).filter(({ error, tolerance }) => !(error <= tolerance)).map(({ name }) => name);
  expect(await check()).toEqual([]);
  // One value of one gradient and of one stage, by a tenth of the deviation.
  for (const [file, name] of [["grads.safetensors", "content/content_proj_layer.dense1.weight"], ["io.safetensors", "unet.style.w0.5"]] as const) await disturb(join(reference, file), name);
  expect((await check()).sort()).toEqual(["content/content_proj_layer.dense1.weight", "unet.style.w0.5"]);
}, 300_000);
