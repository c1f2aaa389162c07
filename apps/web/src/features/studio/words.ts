// As the model's tokenizer splits: letters, digits and marks, with an apostrophe inside.
const WORD = /[\p{L}\p{N}\p{M}]+(?:['’][\p{L}\p{N}\p{M}]+)*/gu;

/** A stretch of a prompt. */
export interface Stretch {
  readonly text: string;
  readonly known: boolean;
}

/** The prompt cut where words begin that the model was never shown. `words`: lower case; `null`: it takes any. */
export const markUnknown = (prompt: string, words: ReadonlySet<string> | null): Stretch[] => {
  if (words === null) return [{ text: prompt, known: true }];
  const stretches: Stretch[] = [];
  let at = 0;
  for (const match of prompt.matchAll(WORD)) {
    if (words.has(match[0].toLowerCase().normalize("NFC"))) continue;
    if (match.index > at) stretches.push({ text: prompt.slice(at, match.index), known: true });
    stretches.push({ text: match[0], known: false });
    at = match.index + match[0].length;
  }
  if (at < prompt.length) stretches.push({ text: prompt.slice(at), known: true });
  return stretches;
};

/** The word that ends at the caret, and where it starts. */
export const wordAt = (prompt: string, caret: number): { readonly from: number; readonly start: string } | undefined => {
  const match = /[\p{L}\p{N}\p{M}'’]+$/u.exec(prompt.slice(0, caret));
  // In the middle of a word nobody wants another one.
  if (match === null || /^[\p{L}\p{N}\p{M}]/u.test(prompt.slice(caret))) return undefined;
  return { from: match.index, start: match[0].toLowerCase() };
};

/** Up to `limit` continuations of `start`: subjects first (several words, too), then other words, shorter ones first. */
export const suggest = (start: string, { subjects, words }: { readonly subjects: readonly string[]; readonly words: readonly string[] }, limit: number): string[] => {
  const begins = (entry: string) => entry.startsWith(start) && entry !== start;
  const shortest = (a: string, b: string) => a.length - b.length || a.localeCompare(b);
  const found = [...subjects.filter(begins).sort(shortest), ...words.filter((word) => word.length > 2 && begins(word)).sort(shortest)];
  return [...new Set(found)].slice(0, limit);
};
