import { DeadiffError } from "../errors.ts";

/** A text as a text encoder takes it. */
export type Encoded = {
  /** `contextLength` ids: start, the text, end, padding. */
  readonly ids: number[];
  /** The end of the text that did not fit, as written (white space collapsed), or null. */
  readonly cut: string | null;
  /** Words that the vocabulary does not have, in order, each once; they have no ids. */
  readonly unknown: string[];
};

/** Turns text into ids; the same text always into the same. */
export type Tokenizer = {
  /** Number of ids of every text. */
  readonly contextLength: number;
  /** Number of ids there are: every id is below it. */
  readonly vocabularySize: number;
  /** Fails with `prompt_too_long` beyond 20,000 characters, far past what fits. */
  encode(text: string): Encoded;
};

/** Bounds the work on a text from outside; pair merging takes up to the square of a word's length. */
const maxCharacters = 20_000;

/** Throws `prompt_too_long` for a text past the limit. */
export function requireLength(text: string): void {
  if (text.length > maxCharacters) throw new DeadiffError("prompt_too_long", `the text has ${text.length} characters, the limit is ${maxCharacters}`);
}

/** Canonical composition, white space collapsed to single spaces: the form in which cut text is reported. */
export const collapse = (text: string): string => text.normalize("NFC").replace(/\p{White_Space}+/gu, " ").trim();

/** Lower case character by character: unlike `toLowerCase` of a whole text, a sigma at a word's end is like any other. */
export const lowerCase = (text: string): string => Array.from(text, (character) => character.toLowerCase()).join("");

/**
 * Lays out ids between start and end, filled up with padding. `pieces` are the text's parts in order, each with its ids
 * and its index in `shown`; what is cut is reported from the first part that does not fit whole.
 */
export function frame(
  pieces: Iterable<{ ids: readonly number[]; index: number }>,
  shown: string,
  { contextLength, start, end, padding }: { contextLength: number; start: number; end: number; padding: number },
): Pick<Encoded, "ids" | "cut"> {
  const body: number[] = [];
  let cut: string | null = null;
  for (const { ids, index } of pieces) {
    const room = contextLength - 2 - body.length;
    body.push(...ids.slice(0, room)); // of a word that fits in part, that part stays, as in the reference
    if (ids.length > room) {
      cut = shown.slice(index);
      break;
    }
  }
  const ids = [start, ...body, end];
  return { ids: [...ids, ...Array.from({ length: contextLength - ids.length }, () => padding)], cut };
}
