import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vocabularyOf } from "../src/data/captions/vocabulary.ts";
import { openDataset, type Dataset } from "../src/data/dataset/read.ts";
import { writeDataset } from "../src/data/dataset/write.ts";
import type { HandId } from "../src/data/hands.ts";
import { CLEAN_SIDE, renderClean } from "../src/data/icons/render.ts";
import { makeSplit } from "../src/data/split.ts";
import { makeSubjects, type Emoji } from "../src/data/subjects.ts";

/** Eight simple drawings on a field of 64 x 64; `a` is the body's colour, `b` the detail's. */
const SHAPES: readonly { readonly name: string; draw(a: string, b: string): string }[] = [
  { name: "ball", draw: (a, b) => `<circle cx="32" cy="32" r="26" fill="${a}"/><circle cx="24" cy="26" r="5" fill="${b}"/>` },
  { name: "house", draw: (a, b) => `<path d="M6 30 32 6 58 30v28H6z" fill="${a}"/><path d="M26 58V40h12v18z" fill="${b}"/>` },
  { name: "tree", draw: (a, b) => `<path d="M32 4 56 46H8z" fill="${a}"/><path d="M27 46h10v14H27z" fill="${b}"/>` },
  { name: "cup", draw: (a, b) => `<path d="M10 14h36v38H10z" fill="${a}"/><path d="M46 22h12v20H46v-6h6v-8h-6z" fill="${b}"/>` },
  { name: "fish", draw: (a, b) => `<path d="M4 32q20-26 40 0l16-14v28L44 32q-20 26-40 0z" fill="${a}"/><circle cx="16" cy="29" r="4" fill="${b}"/>` },
  { name: "star", draw: (a, b) => `<path d="M32 3l9 19 20 3-15 14 4 21-18-10-18 10 4-21L3 25l20-3z" fill="${a}"/><circle cx="32" cy="34" r="6" fill="${b}"/>` },
  { name: "key", draw: (a, b) => `<circle cx="18" cy="32" r="14" fill="${a}"/><path d="M30 27h30v16h-8V37H30z" fill="${a}"/><circle cx="16" cy="32" r="5" fill="${b}"/>` },
  { name: "drop", draw: (a, b) => `<path d="M32 2q24 30 20 42a21 21 0 0 1-40 0Q8 32 32 2z" fill="${a}"/><path d="M22 42a10 10 0 0 0 10 10" stroke="${b}" fill="none" stroke-width="5"/>` },
];

/** Body and detail colours: the extremes and the middles that backgrounds must cope with. */
const COLOURS = [["#f7f7f7", "#404040"], ["#202124", "#f0c040"], ["#d93025", "#ffffff"], ["#8a8f98", "#101010"], ["#2a9d4a", "#f4e04d"], ["#f6c343", "#7a4a10"], ["#3a6fe0", "#ffd0d0"], ["#7a5230", "#ffe9c9"]] as const;

/** Hands of the fixture: three trained ones, one of them in ink, and both held-out ones. */
const FIXTURE_HANDS = ["noto", "twemoji", "emojione-monotone", "fxemoji", "emojione-v1"] as const satisfies readonly HandId[];

/** The drawing of one subject by one hand. */
export function drawingOf(subject: number, hand: HandId): string {
  const shape = SHAPES[subject % SHAPES.length]!;
  const order = FIXTURE_HANDS.findIndex((known) => known === hand);
  const [a, b] = hand === "emojione-monotone" ? ["#000", "none"] : COLOURS[(subject + order * 3) % COLOURS.length]!;
  return shape.draw(a, b);
}

/** A small dataset drawn by code, with `rounds` subjects of each shape; remove it with `remove`. */
export async function makeFixture(size: number, rounds = 3): Promise<{ folder: string; dataset: Dataset; remove(): Promise<void> }> {
  const emojis = Array.from({ length: SHAPES.length * rounds }, (_, index): Emoji => ({
    hexcode: (0x1f400 + index).toString(16),
    label: `${["small", "round", "large"][Math.floor(index / SHAPES.length)]!} ${SHAPES[index % SHAPES.length]!.name}`,
    shortcodes: [],
    tags: [`${SHAPES[index % SHAPES.length]!.name}s`],
    group: "objects",
    subgroup: "tool",
    wanted: true,
  }));
  const subjects = makeSubjects(emojis, { "1f400": ["a small ball", "a little ball"] }, {});
  const pictures = subjects.flatMap(({ hexcode }, subject) => FIXTURE_HANDS.map((hand) => ({ subject, hand, icon: hexcode, hexcode })));
  const root = await mkdtemp(join(tmpdir(), "deadiff-fixture-"));
  const folder = join(root, "data");
  await writeDataset(
    folder,
    {
      name: "fixture",
      side: CLEAN_SIDE,
      subjects,
      pictures: pictures.map(({ subject, hand, icon }) => ({ subject, hand, icon })),
      split: makeSplit(7, pictures),
      vocabulary: vocabularyOf(subjects),
      captions: {},
      licences: [],
    },
    rendered(pictures),
  );
  return { folder, dataset: await openDataset(folder, { size }), remove: () => rm(root, { recursive: true }) };
}

async function* rendered(pictures: readonly { subject: number; hand: HandId }[]): AsyncGenerator<Uint8Array> {
  for (const { subject, hand } of pictures) {
    const svg = (side: number) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="${side}" height="${side}">${drawingOf(subject, hand)}</svg>`;
    yield await renderClean(svg, CLEAN_SIDE);
  }
}
