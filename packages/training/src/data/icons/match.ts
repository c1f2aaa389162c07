import type { Emoji } from "../subjects.ts";
import type { IconSet } from "./sets.ts";

/** Icon names by the label of the emoji they draw, for the sets whose own names mislead. */
export type Aliases = Readonly<Record<string, string>>;

/**
 * Finds the icon of each emoji in a set: icon name by hexcode. In order of trust: the alias given, the set's own table of
 * code points, the emoji's label, one of its short codes. An icon is given to one emoji only, and a name that is the label
 * of one emoji never matches the short code of another.
 *
 * @throws RangeError when an alias names an emoji or an icon that does not exist.
 */
export function matchIcons(set: IconSet, emojis: readonly Emoji[], aliases: Aliases): Map<string, string> {
  const matches = new Map<string, string>();
  const taken = new Set<string>();
  const match = (emoji: Emoji, icon: string | undefined): void => {
    if (icon === undefined || taken.has(icon) || matches.has(emoji.hexcode)) return;
    matches.set(emoji.hexcode, icon);
    taken.add(icon);
  };

  const icons = new Set(set.names);
  const byLabel = new Map(emojis.map((emoji) => [emoji.label, emoji]));
  for (const [label, icon] of Object.entries(aliases)) {
    const emoji = byLabel.get(label);
    if (emoji === undefined || !icons.has(icon)) throw new RangeError(`${set.hand}: the alias ${label} -> ${icon} names nothing`);
    match(emoji, icon);
  }
  for (const emoji of emojis) match(emoji, icons.has(set.byHexcode.get(emoji.hexcode) ?? "") ? set.byHexcode.get(emoji.hexcode) : undefined);

  const byKey = new Map(set.names.map((name) => [key(name), name]));
  for (const emoji of emojis) match(emoji, byKey.get(key(emoji.label)));
  const labels = new Set(emojis.map((emoji) => key(emoji.label)));
  for (const emoji of emojis) {
    for (const code of emoji.shortcodes) if (!labels.has(key(code))) match(emoji, byKey.get(key(code)));
  }
  return matches;
}

/** A name without what the sets write differently: case, accents, hyphens. */
function key(name: string): string {
  return name.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[^a-z0-9]/g, "");
}
