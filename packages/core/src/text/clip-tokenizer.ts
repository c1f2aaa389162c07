import { z } from "zod";
import { DeadiffError } from "../errors.ts";
import { byteCharacters, mergePairs } from "./byte-pairs.ts";
import { collapse, frame, lowerCase, requireLength, type Encoded, type Tokenizer } from "./tokenizer.ts";

/** The files of a CLIP tokenizer, as Stable Diffusion's `tokenizer/` folder holds them. */
export type ClipTokenizerFiles = {
  /** The text of vocab.json: ids by symbol. */
  vocab: string;
  /** The text of merges.txt: a comment line, then one pair of symbols a line, by rank. */
  merges: string;
};

const startToken = "<|startoftext|>";
const endToken = "<|endoftext|>";
const endOfWord = "</w>";

/** What counts as a word: the two special tokens, English contractions, letters, single digits, anything else but space. */
const words = /<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+/gu;

const vocabularySchema = z.record(z.string(), z.int().nonnegative());
/** CLIP's files have 0.9 and 0.5 MB. */
const maxFileCharacters = 16 << 20;

/**
 * CLIP's byte-pair tokenizer, its ids equal to the reference's: canonical composition, lower case, words by the pattern
 * above, their bytes merged by rank; padding is the end token. `unknown` is always empty, since every byte has an id.
 * The files are not trusted: damage is `tokenizer_invalid`.
 *
 * Source: Radford et al. (2021), arXiv:2103.00020, section 2.4; huggingface/transformers, convert_slow_tokenizer.py, CLIPConverter.
 */
export function createClipTokenizer(files: ClipTokenizerFiles, contextLength = 77): Tokenizer {
  const ids = parseVocabulary(files.vocab);
  const ranks = parseMerges(files.merges, ids);
  const idOf = (symbol: string): number => {
    const id = ids.get(symbol);
    if (id === undefined) throw invalid(`vocab.json has no ${JSON.stringify(symbol)}`);
    return id;
  };
  const special = new Map([[startToken, idOf(startToken)], [endToken, idOf(endToken)]]);
  const layout = { contextLength, start: idOf(startToken), end: idOf(endToken), padding: idOf(endToken) };
  // Every byte must have an id at both places in a word; then every text has ids.
  for (const character of byteCharacters) [character, character + endOfWord].forEach(idOf);
  const encodeWord = (word: string): readonly number[] => {
    const known = special.get(word);
    return known === undefined ? mergePairs(symbols(word), (left, right) => ranks.get(`${left} ${right}`)).map(idOf) : [known];
  };
  // One word at a time, so that nothing is merged past the last word that fits.
  function* encodeWords(text: string): Generator<{ ids: readonly number[]; index: number }> {
    for (const { 0: word, index } of text.matchAll(words)) yield { ids: encodeWord(word), index };
  }
  return {
    contextLength,
    vocabularySize: ids.size,
    encode: (text): Encoded => {
      requireLength(text);
      const written = collapse(text);
      const lower = lowerCase(written);
      // Where lower case has another length (a Turkish capital I with dot), what is cut is shown in lower case.
      const shown = lower.length === written.length ? written : lower;
      return { ...frame(encodeWords(lower), shown, layout), unknown: [] };
    },
  };
}

/** A word's bytes as symbols, the last of them marked. */
function symbols(word: string): readonly string[] {
  const characters = Array.from(new TextEncoder().encode(word), (byte) => byteCharacters[byte] as string);
  return characters.map((character, i) => (i === characters.length - 1 ? character + endOfWord : character));
}

const invalid = (what: string, cause?: unknown): DeadiffError => new DeadiffError("tokenizer_invalid", `not the files of a CLIP tokenizer: ${what}`, { cause });

function parseVocabulary(json: string): ReadonlyMap<string, number> {
  if (json.length > maxFileCharacters) throw invalid(`vocab.json has ${json.length} characters`);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw invalid("vocab.json is not JSON", cause);
  }
  const parsed = vocabularySchema.safeParse(value);
  if (!parsed.success) throw invalid("vocab.json is not an object of ids by symbol");
  const ids = new Map(Object.entries(parsed.data));
  const distinct = new Set(ids.values());
  if (distinct.size !== ids.size || [...distinct].some((id) => id >= ids.size)) throw invalid(`the ids of vocab.json are not 0 to ${ids.size - 1}, each once`);
  return ids;
}

/** Ranks by the two symbols of a pair, separated by a space. */
function parseMerges(text: string, ids: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  if (text.length > maxFileCharacters) throw invalid(`merges.txt has ${text.length} characters`);
  const lines = text.split(/\r?\n/u).filter((line, i) => line !== "" && !(i === 0 && line.startsWith("#version")));
  const ranks = new Map<string, number>();
  for (const [rank, line] of lines.entries()) {
    const [left = "", right = "", ...rest] = line.split(" ");
    if (left === "" || right === "" || rest.length > 0) throw invalid(`line ${rank + 1} of merges.txt is not a pair of symbols`);
    if (!ids.has(left + right)) throw invalid(`merges.txt makes ${JSON.stringify(left + right)}, which vocab.json does not have`);
    ranks.set(line, rank);
  }
  return ranks;
}
