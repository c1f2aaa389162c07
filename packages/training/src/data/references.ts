// npm run data:references: draws the starter shelf of style references into models/mini/references/.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { openDataset } from "./dataset/read.ts";
import { shrink } from "./dataset/shrink.ts";
import { handOf, type HandId } from "./hands.ts";
import { renderClean } from "./icons/render.ts";
import { readSet } from "./icons/sets.ts";
import { DATA_FOLDER, ICONS_FOLDER, ROOT_FOLDER } from "./paths.ts";
import { figureFromBytes } from "./pixels/picture.ts";
import { createScratch } from "./pixels/scratch.ts";
import { randomStream } from "./random.ts";
import { tileOf } from "./sheet/tile.ts";
import { applyStyle, drawStyle, treatmentWords } from "./style.ts";
import type { TreatmentId } from "./treatments/table.ts";

const SIDE = 256;

/** One picture of the shelf, as `references.json` tells of it. */
type Entry = {
  readonly file: string;
  readonly subject: string;
  readonly style: string;
  /** Whether training saw the hand and the treatment. */
  readonly trainedOn: boolean;
  readonly icon: string;
  readonly author: string;
  readonly source: string;
  readonly spdx: string;
  readonly licence: string;
};

/** Half of them are styles that training never sees; seeds were picked for colours that differ from one to the next. */
const SHELF: readonly { subject: string; hand: HandId; treatment: TreatmentId; seed: number }[] = [
  { subject: "fox", hand: "noto", treatment: "watercolour", seed: 1 },
  { subject: "tropical fish", hand: "fxemoji", treatment: "stained-glass", seed: 4 },
  { subject: "guitar", hand: "emojione-monotone", treatment: "neon", seed: 10 },
  { subject: "castle", hand: "emojione", treatment: "blueprint", seed: 1 },
  { subject: "strawberry", hand: "fluent-emoji", treatment: "clay", seed: 3 },
  { subject: "rocket", hand: "fxemoji", treatment: "pop-art", seed: 6 },
  { subject: "tulip", hand: "twemoji", treatment: "paper-cut", seed: 3 },
  { subject: "rooster", hand: "openmoji", treatment: "linocut", seed: 2 },
  { subject: "owl", hand: "noto", treatment: "cross-stitch", seed: 2 },
  { subject: "turtle", hand: "emojione-v1", treatment: "sticker", seed: 9 },
  { subject: "mushroom", hand: "noto-v1", treatment: "long-shadow", seed: 2 },
  { subject: "telephone", hand: "fluent-emoji-flat", treatment: "sepia", seed: 1 },
];

const dataset = await openDataset(join(DATA_FOLDER, "emoji"), { size: 64 });
const folder = join(ROOT_FOLDER, "models/mini/references");
await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });

const scratch = createScratch(SIDE);
const entries: Entry[] = [];
for (const { subject: name, hand, treatment, seed } of SHELF) {
  const subject = dataset.subjects.findIndex((known) => known.name === name);
  const picture = dataset.pictures.find((known) => known.subject === subject && known.hand === hand);
  const licence = dataset.manifest.licences.find((known) => known.hand === hand);
  if (picture === undefined || licence === undefined) throw new RangeError(`${hand} draws no ${name}`);
  const set = await readSet(ICONS_FOLDER, hand);
  const clean = await renderClean((side) => set.svg(picture.icon, side), SIDE);
  const bytes = new Uint8Array(clean.length);
  shrink(clean, 0, SIDE, 1, bytes, 0);

  const style = drawStyle(randomStream(seed), hand, treatment);
  scratch.reset();
  const { rgb } = tileOf(applyStyle(figureFromBytes(bytes, 0, scratch), style, scratch), SIDE);
  const file = `${treatment}-${name.replaceAll(" ", "-")}.png`;
  await sharp(rgb, { raw: { width: SIDE, height: SIDE, channels: 3 } }).png({ compressionLevel: 9 }).toFile(join(folder, file));
  const { heldOutHands, heldOutTreatments } = dataset.split;
  entries.push({
    file,
    subject: name,
    style: `${handOf(hand).words[0] ?? hand}, ${treatmentWords(style)[0]}`,
    trainedOn: !heldOutHands.includes(hand) && !heldOutTreatments.includes(treatment),
    icon: `${hand}:${picture.icon}`,
    author: licence.author,
    source: licence.source,
    spdx: licence.spdx,
    licence: licence.licence,
  });
}
await writeFile(join(folder, "references.json"), `${JSON.stringify(entries, null, 2)}\n`);
await writeFile(join(folder, "NOTICE.md"), noticeOf());
console.log(`${folder}: ${entries.length} pictures`);

function noticeOf(): string {
  const rows = entries.map(({ file, icon, author, source, spdx, licence }) => `| ${file} | ${icon} | [${author}](${source}) | [${spdx}](${licence}) |`);
  return [
    "# Licences of these pictures",
    "",
    "Each picture is an icon of an openly licensed set, rendered and then changed by a picture operation (colours, lines, ground,",
    "texture). A picture is under the licence of its icon; those of CC BY-SA sets are shared alike. Written by",
    "`npm run data:references`.",
    "",
    "| Picture | Icon (set:name) | Author of the set | Licence |",
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}
