import { z } from "zod";
import { DeadiffError } from "../errors.ts";
import { collapse, frame, lowerCase, requireLength, type Encoded, type Tokenizer } from "./tokenizer.ts";

/** Words, and punctuation marks one by one. */
const tokens = /[\p{L}\p{N}\p{M}]+(?:['’][\p{L}\p{N}\p{M}]+)*|[^\p{White_Space}\p{L}\p{N}\p{M}]/gu;
const isWord = /^[\p{L}\p{N}]/u;

/** Ids below those of words: padding, start and end. */
const padding = 0, start = 1, end = 2, firstWord = 3;

const vocabularySchema = z.strictObject({
  format: z.literal("deadiff-words"),
  formatVersion: z.literal(1),
  /** Number of ids of every text, start and end included. */
  contextLength: z.int().min(3).max(4096),
  /** Word `i` has id `i + 3`; lower case, in canonical composition. */
  words: z.array(z.string().min(1)).min(1).max(1_000_000),
});

/** The vocabulary of a word tokenizer, as its file holds it. */
export type WordVocabulary = z.infer<typeof vocabularySchema>;

/** Splits text into the lower-case words and punctuation marks that a word vocabulary is made of. */
export const splitWords = (text: string): string[] => (lowerCase(collapse(text)).match(tokens) ?? []);

/** Parses the file of a word tokenizer. Fails with `tokenizer_invalid`. */
export function parseWordVocabulary(json: string): WordVocabulary {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new DeadiffError("tokenizer_invalid", "the word list is not JSON", { cause });
  }
  const parsed = vocabularySchema.safeParse(value);
  if (!parsed.success) throw new DeadiffError("tokenizer_invalid", `the word list is not valid: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/**
 * A tokenizer of whole words, for models trained on a closed world of captions. A word outside of the vocabulary is
 * left out and reported; punctuation outside of it is passed over in silence. Fails with `tokenizer_invalid` for a word
 * that is listed twice or that no text is split into.
 */
export function createWordTokenizer({ words, contextLength }: Pick<WordVocabulary, "words" | "contextLength">): Tokenizer {
  const ids = new Map<string, number>();
  for (const [i, word] of words.entries()) {
    if (ids.has(word)) throw new DeadiffError("tokenizer_invalid", `the word ${JSON.stringify(word)} is listed twice`);
    if (splitWords(word)[0] !== word) throw new DeadiffError("tokenizer_invalid", `${JSON.stringify(word)} is not one word in lower case`);
    ids.set(word, firstWord + i);
  }
  return {
    contextLength,
    vocabularySize: firstWord + words.length,
    encode: (text): Encoded => {
      requireLength(text);
      const written = collapse(text);
      const lower = lowerCase(written);
      const shown = lower.length === written.length ? written : lower;
      const found = [...lower.matchAll(tokens)].map((match) => ({ word: match[0], id: ids.get(match[0]), index: match.index }));
      const pieces = found.flatMap(({ id, index }) => (id === undefined ? [] : [{ ids: [id], index }]));
      const unknown = found.filter(({ word, id }) => id === undefined && isWord.test(word)).map(({ word }) => word);
      return { ...frame(pieces, shown, { contextLength, start, end, padding }), unknown: [...new Set(unknown)] };
    },
  };
}
