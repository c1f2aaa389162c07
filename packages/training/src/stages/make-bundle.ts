/** `node packages/training/src/stages/make-bundle.ts`: gathers the stages' weights into models/mini (float16). */
import { existsSync } from "node:fs";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeadiffError, deadiffSpec, initialWeights, listParams, MINI } from "@deadiff/core";
import { encodeSafetensors, float16Values, tensorToWrite, writeBundle } from "@deadiff/core/node";
import { PACKAGE_FOLDER, ROOT_FOLDER } from "../data/paths.ts";
import { loadWeights } from "../train/checkpoint.ts";
import type { Weights } from "../train/trainer.ts";
import { miniTokenizer } from "./conditions.ts";
import { FIRST_SUBJECTS, openMiniData } from "./data.ts";
import { loadLatents } from "./latents.ts";
import { RUNS_FOLDER } from "./runs.ts";
import { shippedWeights } from "./shipped.ts";

const dataset = await openMiniData();
const { words } = await miniTokenizer(dataset.folder);
const parameters = listParams(deadiffSpec(MINI));
const weights = new Map<string, Float32Array>();
const take = (from: Weights): void => { for (const [name, values] of from) weights.set(name, values); };
// A decoder that was not trained yet is the linear path alone: the network beside it ends in zeros.
take(initialWeights(listParams(deadiffSpec(MINI).vae, "vae"), 1));
take(await loadLatents());
// Stages that were not run on this machine stay as they shipped: the others were trained over them.
take(await shippedWeights(parameters));
// In the order of the stages: a later one may have changed what an earlier one trained.
for (const stage of ["encoders", "decoder-crops", "decoder-full", "base", "decoder-redrawn", "align", "deadiff"]) {
  const folder = join(RUNS_FOLDER, stage);
  if (existsSync(join(folder, "checkpoint.safetensors"))) take(await loadWeights(folder));
}
const missing = parameters.filter(({ name }) => !weights.has(name)).map(({ name }) => name);
if (missing.length > 0) throw new DeadiffError("stage_missing", `these weights were not trained yet: ${missing.slice(0, 5).join(", ")} and ${missing.length} in all; run the stages in order`);

const tensors = parameters.map(({ name, spec: { shape } }) =>
  tensorToWrite(name, { dtype: "float16", dims: shape, data: float16Values(name, { dtype: "float32", dims: shape, data: weights.get(name) ?? new Float32Array(0) }) }));
const made = join(RUNS_FOLDER, "bundle");
const manifest = await writeBundle(made, {
  name: "mini", version: "1", preset: "mini", config: MINI, modes: ["style", "content", "both"],
  sizes: { default: 128, min: 128, max: 128, multipleOf: 64 },
  tokenizer: { kind: "words", files: { words: "tokenizer.json" } },
  preview: linearPreview(weights),
  weights: ["weights.safetensors"],
  licence: { name: "Apache-2.0 for the weights as far as they are ours; the training pictures are under Apache-2.0, MIT, CC-BY-4.0 and CC-BY-SA-4.0, see models/mini" },
  provenance: { madeBy: "deadiff train", sources: Object.entries(dataset.manifest.files).map(([name, { sha256 }]) => ({ name, sha256 })), notes: `dataset ${dataset.hash}` },
}, async (write) => {
  await write("tokenizer.json", [new TextEncoder().encode(`${JSON.stringify({ format: "deadiff-words", formatVersion: 1, contextLength: MINI.text.context, words }, null, 1)}\n`)]);
  await write("weights.safetensors", encodeSafetensors(tensors));
}, { overwrite: true });
// models/mini also holds the model card and the style references, so the bundle's files are put beside them; the manifest
// goes last, so that a reader never finds it before what it lists.
const out = join(ROOT_FOLDER, "models/mini");
// What it can draw, for those who suggest prompts.
const phrases = JSON.parse(await readFile(join(PACKAGE_FOLDER, "subjects/start.json"), "utf8")) as Record<string, string[]>;
await writeFile(join(out, "subjects.json"), `${JSON.stringify(Object.fromEntries(FIRST_SUBJECTS.map((id) => [id, phrases[id]])), null, 1)}\n`);
for (const file of [...manifest.files.map((f) => f.path), "bundle.json"]) await copyFile(join(made, file), join(out, file));
console.log(`${out}: ${manifest.files.map((f) => `${f.path} ${(f.bytes / 1e6).toFixed(1)} MB`).join(", ")}`);

/** The mean colour of a patch as the decoder's linear path gives it: what a latent looks like, one pixel a position. */
function linearPreview(all: Weights): { factors: (readonly [number, number, number])[]; bias: readonly [number, number, number] } {
  const [matrix, offset] = [all.get("vae.decoder.linear.weight") ?? new Float32Array(0), all.get("vae.decoder.linear.bias") ?? new Float32Array(0)];
  const channels = MINI.vae.latentChannels;
  const area = offset.length / 3;
  const mean = (value: (pixel: number) => number) => (colour: number): number =>
    Array.from({ length: area }, (_, i) => value(colour * area + i)).reduce((a, b) => a + b, 0) / area;
  const rgb = (value: (pixel: number) => number): readonly [number, number, number] => [mean(value)(0), mean(value)(1), mean(value)(2)];
  return {
    factors: Array.from({ length: channels }, (_, c) => rgb((pixel) => (matrix[pixel * channels + c] ?? 0) / MINI.vae.scale)),
    bias: rgb((pixel) => offset[pixel] ?? 0),
  };
}
