// npm run data:sheet: draws subjects by styles with labels, so that a person can look at the data.
//   hands       the clean drawings, one column a hand
//   treatments  one row a treatment, each tile another subject, hand and parameters
//   styles      one row a style, each tile another subject: the rows must look alike
//   pairs       one row a training pair: reference and target, with their captions
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { openDataset, type Dataset } from "./dataset/read.ts";
import { HAND_IDS } from "./hands.ts";
import { pairAt } from "./pairs.ts";
import { DATA_FOLDER } from "./paths.ts";
import { figureFromBytes } from "./pixels/picture.ts";
import { createScratch } from "./pixels/scratch.ts";
import { pick, randomStream, shuffled } from "./random.ts";
import { drawGrid, type Grid, type Tile } from "./sheet/grid.ts";
import { tileOf } from "./sheet/tile.ts";
import { applyStyle, drawStyle, treatmentWords, type Style } from "./style.ts";
import { TREATMENT_IDS, type TreatmentId } from "./treatments/table.ts";
import { viewOf } from "./view.ts";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: "string", default: "emoji" },
    out: { type: "string" },
    size: { type: "string", default: "64" },
    zoom: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    columns: { type: "string", default: "12" },
    subjects: { type: "string" },
    treatments: { type: "string" },
  },
});
const number = z.coerce.number().int().nonnegative();
const kind = z.enum(["hands", "treatments", "styles", "pairs"]).parse(positionals[0] ?? "treatments");
const size = number.parse(options.size);
const seed = number.parse(options.seed);
const columns = number.parse(options.columns);
const treatments = z.array(z.enum(TREATMENT_IDS as [TreatmentId, ...TreatmentId[]])).parse(options.treatments?.split(",") ?? TREATMENT_IDS);

const folder = join(DATA_FOLDER, options.data);
const dataset = await openDataset(folder, { size, verify: false });
const scratch = createScratch(size);
const pixels = new Uint8Array(dataset.pixels.bytes);
const pictureOf = new Map(dataset.pictures.map(({ subject, hand }, index) => [`${dataset.subjects[subject]?.name ?? ""}/${hand}`, index]));
const names = options.subjects?.split(",") ?? shuffled(randomStream(seed), dataset.subjects.filter(({ start }) => start).map(({ name }) => name));

const out = options.out ?? join(folder, `../sheets/${kind}.png`);
await mkdir(dirname(out), { recursive: true });
await writeFile(out, await drawGrid(gridOf(dataset), number.parse(options.zoom)));
console.log(out);

function gridOf({ subjects }: Dataset): Grid {
  switch (kind) {
    case "hands":
      return {
        columns: HAND_IDS,
        rows: names.slice(0, columns).map((name, row) => ({
          label: name,
          tiles: HAND_IDS.map((hand) => paint(name, drawStyle(randomStream(seed, row), hand, "plain"))),
        })),
      };
    case "treatments":
      return {
        columns: names.slice(0, columns),
        rows: treatments.map((treatment, row) => ({
          label: treatment,
          tiles: names.slice(0, columns).map((name, column) => {
            const random = randomStream(seed, row, column);
            return paint(name, drawStyle(random, pick(random, HAND_IDS.filter((hand) => pictureOf.has(`${name}/${hand}`))), treatment));
          }),
        })),
      };
    case "styles": {
      const random = randomStream(seed, subjects.length);
      const styles = treatments.flatMap((treatment) => [drawStyle(random, pick(random, HAND_IDS), treatment), drawStyle(random, pick(random, HAND_IDS), treatment)]);
      return {
        columns: names.slice(0, columns),
        rows: styles.map((style) => ({ label: `${style.hand}, ${treatmentWords(style)[0]}`, tiles: names.slice(0, columns).map((name) => paint(name, style)) })),
      };
    }
    case "pairs": {
      const view = viewOf(dataset, "train", { subjects: "start", treatments });
      return {
        columns: ["reference", "target"],
        rows: Array.from({ length: columns }, (_, n) => {
          const { task, reference, target } = pairAt(view, seed, n);
          return {
            label: `${task}: ${reference.caption.text} -> ${target.caption.text}`,
            tiles: [reference, target].map(({ cell, style }) => paint(cell.subject.name, style)),
          };
        }),
      };
    }
  }
}

function paint(name: string, style: Style): Tile {
  scratch.reset();
  const picture = pictureOf.get(`${name}/${style.hand}`);
  if (picture === undefined) return { side: size, rgb: new Uint8Array(size * size * 3).fill(225) };
  return tileOf(applyStyle(figureFromBytes(pixels, picture * size * size * 4, scratch), style, scratch), size);
}
