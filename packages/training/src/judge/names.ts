import { splitWords } from "@deadiff/core";
import type { HostTensor } from "@deadiff/core";
import type { Subject } from "../data/subjects.ts";

/** Words that say nothing of what is shown. */
const SILENT = new Set(["a", "an", "the"]);
const wordsOf = (phrase: string): string[] => splitWords(phrase).filter((word) => !SILENT.has(word));

/** Every word that names a subject, in alphabetical order: the rows of the judge's table. */
export const judgeWords = (subjects: readonly Subject[]): string[] => [...new Set(subjects.flatMap(({ phrases }) => phrases.flatMap(wordsOf)))].sort();

/** The most words in a name. */
export const nameLength = (subjects: readonly Subject[]): number => Math.max(...subjects.flatMap(({ phrases }) => phrases.map((phrase) => wordsOf(phrase).length)));

/** Phrases as the judge reads them. @returns ids int64 [N, T], and each word's share of its phrase [N, T, 1] @throws RangeError for a word it does not know */
export function readNames(words: readonly string[], length: number, phrases: readonly string[]): { ids: HostTensor; share: HostTensor } {
  const index = new Map(words.map((word, i) => [word, i]));
  const ids = new BigInt64Array(phrases.length * length), share = new Float32Array(phrases.length * length);
  phrases.forEach((phrase, n) => {
    const own = wordsOf(phrase);
    if (own.length > length) throw new RangeError(`readNames: "${phrase}" has more than ${length} words`);
    own.forEach((word, t) => {
      const id = index.get(word);
      if (id === undefined) throw new RangeError(`readNames: no subject's name has the word "${word}"`);
      ids[n * length + t] = BigInt(id);
      share[n * length + t] = 1 / own.length;
    });
  });
  return { ids: { dtype: "int64", dims: [phrases.length, length], data: ids }, share: { dtype: "float32", dims: [phrases.length, length, 1], data: share } };
}
