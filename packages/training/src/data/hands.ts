/**
 * The hands: icon sets that draw the same subjects, each in its own manner.
 *
 * `ink` hands are drawn in one colour that the set leaves open (`currentColor`); the style chooses it.
 * `words` name the hand in captions: the first is its name, the others say how it looks.
 */
export const HANDS = [
  { id: "noto", ink: false, words: ["noto style", "soft shaded emoji"] },
  { id: "noto-v1", ink: false, words: ["old noto style", "simple shaded emoji"] },
  { id: "twemoji", ink: false, words: ["twemoji style", "flat emoji"] },
  { id: "fluent-emoji", ink: false, words: ["fluent style", "glossy 3d emoji"] },
  { id: "fluent-emoji-flat", ink: false, words: ["flat fluent style", "flat geometric emoji"] },
  { id: "fluent-emoji-high-contrast", ink: true, words: ["high contrast style", "bold one colour icon"] },
  { id: "openmoji", ink: false, words: ["openmoji style", "outlined cartoon emoji"] },
  { id: "emojione", ink: false, words: ["emojione style", "flat layered emoji"] },
  { id: "emojione-v1", ink: false, words: ["old emojione style", "rounded classic emoji"] },
  { id: "emojione-monotone", ink: true, words: ["monotone style", "stencil one colour icon"] },
  { id: "fxemoji", ink: false, words: ["fxemoji style", "flat pastel emoji"] },
] as const;

/** One of the eleven hands; also the name of its icon set under `@iconify-json/`. */
export type HandId = (typeof HANDS)[number]["id"];

/** A hand as the tables describe it. */
export type Hand = { readonly id: HandId; readonly ink: boolean; readonly words: readonly string[] };

/** All hand ids, in the order that counts and indices follow. */
export const HAND_IDS: readonly HandId[] = HANDS.map(({ id }) => id);

const byId = new Map<HandId, Hand>(HANDS.map((hand) => [hand.id, hand]));

/** The table entry of a hand. */
export function handOf(id: HandId): Hand {
  const hand = byId.get(id);
  if (hand === undefined) throw new RangeError(`handOf: no hand is called ${id}`);
  return hand;
}
