import { readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { HandId } from "../hands.ts";
import { plainHexcode } from "../subjects.ts";

const iconSchema = z.strictObject({
  body: z.string(),
  width: z.number().optional(),
  height: z.number().optional(),
  hidden: z.boolean().optional(),
});
const aliasSchema = z.looseObject({ parent: z.string() });
const iconsSchema = z.object({
  icons: z.record(z.string(), iconSchema),
  aliases: z.record(z.string(), aliasSchema).default({}),
  width: z.number(),
  height: z.number(),
});
const infoSchema = z.object({
  name: z.string(),
  author: z.object({ name: z.string(), url: z.string().optional() }),
  license: z.object({ title: z.string(), spdx: z.string(), url: z.string() }),
});

/** Who drew a set and under which licence, from the set's own `info.json`. */
type SetInfo = z.infer<typeof infoSchema> & { readonly version: string };

/** One icon set, read from its package. */
export type IconSet = {
  readonly hand: HandId;
  readonly info: SetInfo;
  /** Names of all icons and of the aliases that change nothing but the name. */
  readonly names: readonly string[];
  /** Icon name by lower-case hexcode, without variation selectors; empty for sets that have no such table. */
  readonly byHexcode: ReadonlyMap<string, string>;
  /** The icon as a standalone SVG document of the given side in pixels; throws for a name that is not in `names`. */
  svg(name: string, side: number): string;
};

/** The files of a set that `readSet` reads, relative to `node_modules`; the last may be missing. */
export function setFiles(hand: HandId): readonly string[] {
  return ["icons.json", "info.json", "package.json", "chars.json"].map((file) => `@iconify-json/${hand}/${file}`);
}

/** Reads the icon set of `hand` below `folder/node_modules`. */
export async function readSet(folder: string, hand: HandId): Promise<IconSet> {
  const home = join(folder, "node_modules/@iconify-json", hand);
  const read = async (file: string): Promise<unknown> => JSON.parse(await readFile(join(home, file), "utf8")) as unknown;
  const set = iconsSchema.parse(await read("icons.json"));
  const info = infoSchema.parse(await read("info.json"));
  const { version } = z.object({ version: z.string() }).parse(await read("package.json"));
  const chars = existsSync(join(home, "chars.json")) ? z.record(z.string(), z.string()).parse(await read("chars.json")) : {};

  // An alias may also turn or mirror its parent; such a picture would not be the set's own drawing of the subject.
  const plainAliases = new Map(
    Object.entries(set.aliases).flatMap(([name, alias]) => (Object.keys(alias).length === 1 ? [[name, alias.parent] as const] : [])),
  );
  const iconOf = (name: string) => set.icons[name] ?? set.icons[plainAliases.get(name) ?? ""];
  const names = [...Object.keys(set.icons), ...plainAliases.keys()].filter((name) => iconOf(name) !== undefined);

  return {
    hand,
    info: { ...info, version },
    names,
    byHexcode: new Map(Object.entries(chars).map(([hexcode, name]) => [plainHexcode(hexcode), name])),
    svg(name, side) {
      const icon = iconOf(name);
      if (icon === undefined) throw new RangeError(`${hand} has no icon called ${name}`);
      const box = `0 0 ${icon.width ?? set.width} ${icon.height ?? set.height}`;
      return (
        `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${side}" height="${side}"` +
        ` viewBox="${box}" color="#000">${icon.body}</svg>`
      );
    },
  };
}
