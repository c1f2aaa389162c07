// npm run data: brings the icon sets, renders every subject by every hand, and writes the dataset folder.
import { join } from "node:path";
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { sha256OfFile } from "@deadiff/core/node";
import { z } from "zod";
import { treatmentPhrases, vocabularyOf } from "./captions/vocabulary.ts";
import { readManifest, verifyDataset } from "./dataset/read.ts";
import { writeDataset } from "./dataset/write.ts";
import { HANDS, HAND_IDS, type HandId } from "./hands.ts";
import { installIcons } from "./icons/install.ts";
import { matchIcons, type Aliases } from "./icons/match.ts";
import { CLEAN_SIDE, renderClean } from "./icons/render.ts";
import { readSet, setFiles, type IconSet } from "./icons/sets.ts";
import { DATA_FOLDER, ICONS_FOLDER, PACKAGE_FOLDER } from "./paths.ts";
import { makeSplit } from "./split.ts";
import { EMOJIBASE_FILES, makeSubjects, readEmojis, readPhrases, type Subject } from "./subjects.ts";
import { TREATMENT_IDS } from "./treatments/table.ts";

/** A subject counts when at least this many of the eleven hands draw it. */
const MINIMUM_HANDS = 8;

/** Renders under way at once: librsvg runs in the thread pool of four. */
const RENDERS = 8;

const aliasesSchema: z.ZodType<Partial<Record<HandId, Aliases>>> = z.partialRecord(
  z.enum(HAND_IDS as [HandId, ...HandId[]]),
  z.record(z.string(), z.string()),
);

const { values: options } = parseArgs({
  options: {
    name: { type: "string", default: "emoji" },
    seed: { type: "string", default: "1" },
    check: { type: "boolean", default: false },
    pin: { type: "boolean", default: false },
  },
});
const folder = join(DATA_FOLDER, options.name);
const seed = z.coerce.number().int().parse(options.seed);

if (options.pin) await pinHashes();
else if (options.check) await check();
else await make();

async function make(): Promise<void> {
  const started = performance.now();
  await installIcons(join(PACKAGE_FOLDER, "icons"), ICONS_FOLDER);
  const emojis = await readEmojis(ICONS_FOLDER);
  const sets = await Promise.all(HAND_IDS.map((hand) => readSet(ICONS_FOLDER, hand)));
  const aliases = aliasesSchema.parse(JSON.parse(await readFile(join(PACKAGE_FOLDER, "icons/aliases.json"), "utf8")));
  const matches = new Map(sets.map((set) => [set.hand, matchIcons(set, emojis, aliases[set.hand] ?? {})]));

  const drawn = emojis.filter((emoji) => emoji.wanted && sets.filter((set) => matches.get(set.hand)?.has(emoji.hexcode)).length >= MINIMUM_HANDS);
  const subjects = makeSubjects(
    drawn,
    await readPhrases(join(PACKAGE_FOLDER, "subjects/start.json")),
    await readPhrases(join(PACKAGE_FOLDER, "subjects/names.json")),
  );
  const pictures = subjects.flatMap(({ hexcode }, subject) =>
    sets.flatMap(({ hand }) => {
      const icon = matches.get(hand)?.get(hexcode);
      return icon === undefined ? [] : [{ subject, hand, icon, hexcode }];
    }),
  );

  const manifest = await writeDataset(
    folder,
    {
      name: options.name,
      side: CLEAN_SIDE,
      subjects,
      pictures: pictures.map(({ subject, hand, icon }) => ({ subject, hand, icon })),
      split: makeSplit(seed, pictures),
      vocabulary: vocabularyOf(subjects),
      captions: captionsOf(subjects),
      licences: sets.map(({ hand, info }) => ({
        hand,
        package: `@iconify-json/${hand}@${info.version}`,
        title: info.name,
        author: info.author.name,
        source: info.author.url ?? "",
        spdx: info.license.spdx,
        licence: info.license.url,
      })),
    },
    renderAll(sets, pictures),
  );

  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${folder}: ${manifest.counts.pictures} pictures of ${manifest.counts.subjects} subjects, ${seconds} s`);
  console.table(manifest.counts.byHand);
  console.table(manifest.counts.bySubjectGroup);
}

/** Renders all pictures in order, a few at a time. */
async function* renderAll(sets: readonly IconSet[], pictures: readonly { hand: HandId; icon: string }[]): AsyncGenerator<Uint8Array> {
  const byHand = new Map(sets.map((set) => [set.hand, set]));
  const waiting: Promise<Uint8Array>[] = [];
  for (const { hand, icon } of pictures) {
    waiting.push(renderClean((side) => byHand.get(hand)?.svg(icon, side) ?? "", CLEAN_SIDE));
    const first = waiting.length === RENDERS ? waiting.shift() : undefined;
    if (first !== undefined) yield await first;
  }
  for (const last of waiting) yield await last;
}

function captionsOf(subjects: readonly Subject[]): unknown {
  return {
    subjects: Object.fromEntries(subjects.map(({ name, phrases, tags }) => [name, { phrases, tags }])),
    hands: Object.fromEntries(HANDS.map(({ id, words }) => [id, words])),
    treatments: Object.fromEntries(TREATMENT_IDS.map((id) => [id, treatmentPhrases(id).slice(0, 12)])),
  };
}

async function check(): Promise<void> {
  const { manifest, hash } = await readManifest(folder);
  await verifyDataset(folder, manifest);
  console.log(`${folder}: all ${Object.keys(manifest.files).length} files are those of manifest ${hash}`);
}

/** Writes icons/hashes.json anew from the installed packages: for whoever raises their versions. */
async function pinHashes(): Promise<void> {
  const files = [...HAND_IDS.flatMap(setFiles), ...EMOJIBASE_FILES];
  const hashes: Record<string, string> = {};
  for (const file of files) {
    const hash = await sha256OfFile(join(ICONS_FOLDER, "node_modules", file)).catch(() => undefined);
    if (hash !== undefined) hashes[file] = hash;
  }
  await writeFile(join(PACKAGE_FOLDER, "icons/hashes.json"), `${JSON.stringify(hashes, null, 2)}\n`);
}
