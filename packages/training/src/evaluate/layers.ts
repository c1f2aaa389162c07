import { contentLayers } from "@deadiff/core";
import { ask } from "./bench.ts";
import type { Bench } from "./bench.ts";
import type { Generator } from "./generate.ts";
import type { Judged } from "./models.ts";
import type { Row } from "./score.ts";

/** SD 1.5's sixteen cross-attention layers by resolution, and the two whose place is open. */
const GROUPS: readonly { readonly name: string; readonly layers: readonly number[] }[] = [
  { name: "0-1 (fine, down)", layers: [0, 1] },
  { name: "2-3 (middle, down)", layers: [2, 3] },
  { name: "4-6 (coarse, down and middle)", layers: [4, 5, 6] },
  { name: "7-8 (coarse, up)", layers: [7, 8] },
  { name: "9 (coarse, up)", layers: [9] },
  { name: "10-12 (middle, up)", layers: [10, 11, 12] },
  { name: "13-15 (fine, up)", layers: [13, 14, 15] },
];

/** Content layers of the maps that a trained model is asked under, beside its own. */
const MAPS: readonly { readonly name: string; readonly content: readonly number[] }[] = [
  { name: "content in 4 to 8 (SD 1.5's)", content: [4, 5, 6, 7, 8] },
  { name: "content in 4 to 6: 7 and 8 read style", content: [4, 5, 6] },
  { name: "style in every layer", content: [] },
];

/** Opens the model under another layer map. */
export type OpenMap = (layerMap: readonly ("style" | "content")[]) => Promise<Judged>;

/** One trained model, asked for style under its own layer map and others. */
export async function mapRows(generator: Generator, open: OpenMap, bench: Bench, trained: Judged["model"]["config"]["layerMap"]): Promise<Row[]> {
  const own = trained.flatMap((tokens, layer) => (tokens === "style" ? [] : [layer]));
  const rows: Row[] = [];
  for (const { name, content } of [{ name: `content in ${own.join(", ")}: as trained`, content: own }, ...MAPS]) {
    const judged = await open(contentLayers(trained.length, content));
    rows.push((await ask(generator, judged, bench, name, { image: "on" }, { distance: false })).row);
    await judged.model.close();
  }
  return rows;
}

/** A model whose layers were all trained on both branches, asked with its tokens in one group of layers alone. */
export async function groupRows(generator: Generator, judged: Judged, bench: Bench, mode: "style" | "content"): Promise<Row[]> {
  const { length } = judged.model.config.layerMap;
  const all = Array.from({ length }, (_, i) => i);
  const rows: Row[] = [];
  for (const { name, layers } of [...GROUPS, { name: "all", layers: all }]) {
    const gains = all.map((layer) => (layers.includes(layer) ? 1 : 0));
    rows.push((await ask(generator, judged, bench, `only layers ${name}`, { image: "on", mode, gains }, { distance: false })).row);
  }
  return rows;
}
