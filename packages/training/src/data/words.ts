/**
 * A text as captions hold it: lower-case words of ASCII letters and digits, one space between. Accents and apostrophes
 * vanish, everything else that is not a letter or digit parts words.
 */
export function plainWords(text: string): string {
  return text
    .normalize("NFD")
    .replace(/[\u0300-\u036f'\u2019]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .trim();
}

/** The text with the article that English gives it; plural nouns get none. */
export function withArticle(words: string): string {
  const head = words.split(/ (?:of|with|in|on|at|behind|from) /)[0] ?? words;
  if (/(?<![aisu])s$/.test(head) && !/(?:ss|bus|glasses)$/.test(head)) return words;
  return `${/^(?:[aeiou]|8|hour)/.test(words) && !/^(?:uni|one|eu|us)/.test(words) ? "an" : "a"} ${words}`;
}
