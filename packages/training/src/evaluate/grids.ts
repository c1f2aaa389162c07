import { hostImage } from "@deadiff/core";
import type { HostImage, StylizeInput } from "@deadiff/core";
import sharp from "sharp";
import { writeFileAtomically } from "@deadiff/core/node";
import { drawGrid } from "../data/sheet/grid.ts";
import type { Tile } from "../data/sheet/grid.ts";
import type { Bench } from "./bench.ts";
import type { Generator } from "./generate.ts";
import type { Judged } from "./models.ts";

/** A column of a grid: who answers. */
export type Contestant = { readonly name: string; readonly judged: Judged; readonly image: "on" | "off" };

/** One seed for every picture of a grid: nothing is picked. */
const SEED = 1;

/**
 * Writes a grid: each of the first references with each of the first prompts in a row, the methods side by side.
 * References and prompts are those of the first units: their seed chose them.
 */
export async function writeGrid(file: string, generator: Generator, bench: Bench, contestants: readonly Contestant[], { references, prompts }: { references: number; prompts: number }): Promise<void> {
  const rows = bench.units.slice(0, prompts).flatMap(({ prompt }) => bench.references.slice(0, references).map((reference) => ({ prompt, reference })));
  const columns: HostImage[][] = [];
  for (const { name, judged, image } of contestants) {
    columns.push(await generator.generate(judged, `grid, ${name}`, rows.map(({ prompt, reference }): StylizeInput => ({ prompt, seed: SEED, image, references: image === "off" ? [] : [{ image: reference }] }))));
  }
  const png = await drawGrid({
    rows: rows.map(({ prompt, reference }, i) => ({ label: prompt, tiles: [reference, ...columns.map((column) => column[i] ?? blank(reference))].map(tile) })),
    columns: ["reference", ...contestants.map(({ name }) => name)],
  }, 1);
  await writeFileAtomically(file, [await sharp(png).webp({ quality: 82 }).toBuffer()]);
}

const tile = ({ width, data }: HostImage): Tile => ({ side: width, rgb: data });
const blank = ({ width, height, data }: HostImage): HostImage => hostImage(width, height, new Uint8Array(data.length).fill(245));
