import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { plainWords, withArticle } from "./words.ts";

const emojiSchema = z.object({
  label: z.string(),
  hexcode: z.string(),
  tags: z.array(z.string()).default([]),
  group: z.number().optional(),
  subgroup: z.number().optional(),
});
const groupsSchema = z.object({ groups: z.record(z.string(), z.string()), subgroups: z.record(z.string(), z.string()) });
const phrasesSchema = z.record(z.string(), z.array(z.string()).min(1));
const shortcodesSchema = z.record(z.string(), z.union([z.string(), z.array(z.string())]));

/** The lists of names that icon sets are known to take theirs from, most canonical first. */
const SHORTCODES = ["cldr", "emojibase", "emojibase-legacy", "github", "iamcal", "joypixels"] as const;

/** Groups of emojibase that hold things to draw; people, skin tones, symbols and flags are left out. */
const GROUPS = ["smileys-emotion", "animals-nature", "food-drink", "travel-places", "activities", "objects"];

/** The files of emojibase that `readEmojis` reads, relative to `node_modules`. */
export const EMOJIBASE_FILES: readonly string[] = [
  "en/data.json", "meta/groups.json", ...SHORTCODES.map((name) => `en/shortcodes/${name}.json`),
].map((file) => `emojibase-data/${file}`);

/** One emoji as emojibase lists it, wanted or not. */
export type Emoji = {
  /** Lower-case code points without variation selectors, e.g. `1f436`. */
  readonly hexcode: string;
  readonly label: string;
  /** Other names in use, one list per source in the order of `SHORTCODES`. */
  readonly shortcodes: readonly string[];
  readonly tags: readonly string[];
  readonly group: string;
  readonly subgroup: string;
  /** Whether it stands for a thing that is to be drawn. */
  readonly wanted: boolean;
};

/** A thing that several hands draw. */
export type Subject = {
  readonly hexcode: string;
  /** Its name in plain lower-case words without an article, e.g. `dog face`; unique. */
  readonly name: string;
  /** What captions call it, the usual phrase first: `a dog face`, `a puppy`. */
  readonly phrases: readonly string[];
  /** Words about it that few other subjects share, for search: `puppies`. Too loose for captions (a goat is no `capricorn`). */
  readonly tags: readonly string[];
  readonly group: string;
  readonly subgroup: string;
  /** On the short list of common, visually distinct subjects that training starts with. */
  readonly start: boolean;
};

/** Reads all emojis from the emojibase package below `folder/node_modules`. */
export async function readEmojis(folder: string): Promise<Emoji[]> {
  const read = async (file: string): Promise<unknown> =>
    JSON.parse(await readFile(join(folder, "node_modules/emojibase-data", file), "utf8")) as unknown;
  const emojis = z.array(emojiSchema).parse(await read("en/data.json"));
  const meta = groupsSchema.parse(await read("meta/groups.json"));
  const lists = await Promise.all(SHORTCODES.map(async (name) => shortcodesSchema.parse(await read(`en/shortcodes/${name}.json`))));
  return emojis.map((emoji) => {
    const group = meta.groups[String(emoji.group)] ?? "";
    return {
      hexcode: plainHexcode(emoji.hexcode),
      label: emoji.label,
      shortcodes: lists.flatMap((list) => list[emoji.hexcode] ?? []),
      tags: emoji.tags,
      group,
      subgroup: meta.subgroups[String(emoji.subgroup)] ?? "",
      wanted: GROUPS.includes(group),
    };
  });
}

/** Lower-case code points without variation selectors. */
export function plainHexcode(hexcode: string): string {
  return hexcode.toLowerCase().replaceAll("-fe0f", "");
}

/** How many subjects may share a tag before it says too little. */
const TAG_SHARED_BY = 3;

/**
 * Makes the subjects of the dataset from emojis: names, phrases and tags. `start` and `names` give the phrases of some by
 * hexcode, the others are called by their label.
 *
 * @throws RangeError when two subjects would have the same name, or a listed hexcode is none of the emojis.
 */
export function makeSubjects(emojis: readonly Emoji[], start: Phrases, names: Phrases): Subject[] {
  const uses = new Map<string, number>();
  for (const tag of emojis.flatMap(plainTags)) uses.set(tag, (uses.get(tag) ?? 0) + 1);
  const subjects = emojis.map((emoji): Subject => {
    const phrases = start[emoji.hexcode] ?? names[emoji.hexcode] ?? [withArticle(plainWords(emoji.label))];
    const name = (phrases[0] ?? "").replace(/^(?:an?|the) /, "");
    const known = new Set(name.split(" "));
    return {
      hexcode: emoji.hexcode,
      name,
      phrases,
      tags: plainTags(emoji).filter((tag) => (uses.get(tag) ?? 0) <= TAG_SHARED_BY && !known.has(tag)),
      group: emoji.group,
      subgroup: emoji.subgroup,
      start: emoji.hexcode in start,
    };
  });
  refuseDoubles(subjects, start);
  return subjects;
}

/** Phrases of subjects by hexcode, the usual one first. */
export type Phrases = Readonly<Record<string, readonly string[]>>;

/** Reads a file of phrases by hexcode. */
export async function readPhrases(file: string): Promise<Phrases> {
  return phrasesSchema.parse(JSON.parse(await readFile(file, "utf8")));
}

function plainTags(emoji: Emoji): string[] {
  return [...new Set(emoji.tags.map(plainWords).filter((tag) => /^[a-z]{3,}(?: [a-z]+)?$/.test(tag)))];
}

function refuseDoubles(subjects: readonly Subject[], start: Phrases): void {
  const seen = new Map<string, string>();
  for (const { name, hexcode } of subjects) {
    const other = seen.get(name);
    if (other !== undefined) throw new RangeError(`subjects ${other} and ${hexcode} are both called "${name}": give one another phrase`);
    seen.set(name, hexcode);
  }
  const lost = Object.keys(start).filter((hexcode) => !subjects.some((subject) => subject.hexcode === hexcode));
  if (lost.length > 0) throw new RangeError(`the start list names ${lost.join(", ")}, which too few hands draw`);
}
