/**
 * Which layers a frozen base takes a picture's subject from: the subject's own words, as the text encoder states them, stand
 * in for perfect content tokens, under one layer map after the other. Nothing is trained, so this is what a layer map can
 * carry at the start, whatever the Q-Former would learn.
 */
import { contentLayers, deadiffConfigSchema, deadiffSpec, listParams } from "@deadiff/core";
import type { Model, StyleCode, StylizeInput } from "@deadiff/core";
import { float32Values, openBundle, openSafetensorsFile } from "@deadiff/core/node";
import { writeTrainedBundle } from "../methods/trained-bundle.ts";
import { copyTextProjections } from "../stages/deadiff.ts";
import type { Bench } from "./bench.ts";
import type { Generator } from "./generate.ts";
import type { OpenMap } from "./layers.ts";
import type { Row } from "./score.ts";

const TOLD: readonly { readonly name: string; readonly layers: readonly number[] }[] = [
  { name: "4-6", layers: [4, 5, 6] },
  { name: "4-8 (SD 1.5's)", layers: [4, 5, 6, 7, 8] },
  { name: "10-12", layers: [10, 11, 12] },
  { name: "2-12", layers: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] },
  { name: "13-15", layers: [13, 14, 15] },
];

/** Writes a bundle whose image keys and values are its text's, so that it reads words as image tokens. */
export async function writeWordReader(from: string, to: string): Promise<void> {
  const bundle = await openBundle(from, { config: deadiffConfigSchema });
  const { manifest } = bundle;
  const words = new Map<string, Float32Array>();
  for (const file of await Promise.all(manifest.weights.map((name) => openSafetensorsFile(bundle.path(name))))) {
    for (const { name } of listParams(deadiffSpec(manifest.config))) {
      if (/^context\.\d+\.text[KV]\./.test(name) && file.tensors.has(name)) words.set(name, float32Values(name, await file.read(name)));
    }
    await file.close();
  }
  await writeTrainedBundle(from, to, { config: manifest.config, weights: copyTextProjections(words), note: "image keys and values copied from the text's, for an experiment" });
}

/** Asks for the reference's subject, in words that the listed layers alone read, beside a prompt that names a style. */
export async function subjectRows(generator: Generator, open: OpenMap, bench: Bench, layers: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, layers: told } of [...TOLD, { name: "all", layers: Array.from({ length: layers }, (_, i) => i) }]) {
    const judged = await open(contentLayers(layers, told));
    const requests: StylizeInput[] = [];
    for (const { reference: { cell: { subject } }, prompt, seed } of bench.units) {
      requests.push({ prompt, seed, image: "on", references: [{ code: await wordsAsContent(judged.model, subject.phrases[0] ?? subject.name), mode: "content" }] });
    }
    rows.push((await bench.score(`subject told to layers ${name}`, await generator.generate(judged, name, requests), { distance: false })).row);
    await judged.model.close();
  }
  return rows;
}

/** The first states of a text as content tokens. */
export async function wordsAsContent(model: Model, text: string): Promise<StyleCode> {
  const { queries, width } = model.config.qFormer;
  const { ids } = (await model.tokenizer()).encode(text);
  const { text: states } = await model.run("text", { ids: { dtype: "int64", dims: [1, ids.length], data: BigInt64Array.from(ids, BigInt) } });
  if (states?.dtype !== "float32") throw new TypeError("the text encoder gives float32 states");
  return { kind: "style-code", encoder: await model.encoderHash(), queries, width, tokens: { content: states.data.slice(0, queries * width) } };
}
