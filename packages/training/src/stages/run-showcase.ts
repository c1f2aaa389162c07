/** `node packages/training/src/stages/run-showcase.ts`: what mini makes of its style references, as docs/images/mini.webp. Fixed seed; nothing is picked. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { fitImage, stylize } from "@deadiff/core";
import type { HostImage } from "@deadiff/core";
import { decodeImage, openModel } from "@deadiff/core/node";
import { inlineRuntime } from "@deadiff/core/ort";
import { ROOT_FOLDER } from "../data/paths.ts";
import { drawGrid } from "../data/sheet/grid.ts";
import type { Tile } from "../data/sheet/grid.ts";
import { SIDE } from "./data.ts";

const SEED = 1;
const REFERENCES = ["neon-guitar", "watercolour-fox", "pop-art-rocket", "clay-strawberry", "sticker-turtle", "blueprint-castle"];
const PROMPTS = ["a mushroom", "a car", "a dog face", "a house", "an apple", "a fish"];

const mini = join(ROOT_FOLDER, "models/mini");
const runtime = await inlineRuntime();
const model = await openModel(mini, runtime);
const tile = ({ data }: HostImage): Tile => ({ side: SIDE, rgb: data });

const rows: { label: string; tiles: Tile[] }[] = [];
const references: (HostImage | null)[] = [null, ...(await Promise.all(REFERENCES.map(async (name) => decodeImage(await readFile(join(mini, `references/${name}.png`))))))];
for (const reference of references) {
  const blank: HostImage = { width: SIDE, height: SIDE, channels: 3, data: new Uint8Array(SIDE * SIDE * 3).fill(245) };
  const tiles = [tile(reference === null ? blank : fitImage(reference, SIDE, SIDE, "stretch"))];
  for (const prompt of PROMPTS) {
    const { images } = await stylize(model, { prompt, seed: SEED, references: reference === null ? [] : [{ image: reference }] });
    const [first] = images;
    if (first !== undefined) tiles.push(tile(first.pixels));
  }
  rows.push({ label: reference === null ? "no reference" : "", tiles });
  console.log(`${rows.length} of ${references.length} rows`);
}
await runtime.close();
const folder = join(ROOT_FOLDER, "docs/images");
await mkdir(folder, { recursive: true });
// WebP, because every version of a picture stays in the history.
await sharp(await drawGrid({ rows, columns: ["reference", ...PROMPTS] }, 1)).webp({ quality: 90 }).toFile(join(folder, "mini.webp"));
