/**
 * Byte-pair encoding of one word: starting from single symbols, the pair of neighbours with the lowest rank is merged
 * wherever it stands, until no pair has a rank. Source: Sennrich et al. (2016), arXiv:1508.07909, section 3.2.
 */
export function mergePairs(symbols: readonly string[], rank: (left: string, right: string) => number | undefined): readonly string[] {
  let word = symbols;
  for (;;) {
    let best: { rank: number; left: string; right: string } | undefined;
    for (let i = 0; i + 1 < word.length; i++) {
      const [left, right] = [word[i] as string, word[i + 1] as string];
      const found = rank(left, right);
      if (found !== undefined && found < (best?.rank ?? Infinity)) best = { rank: found, left, right };
    }
    if (best === undefined) return word;
    word = mergeEvery(word, best.left, best.right);
  }
}

function mergeEvery(word: readonly string[], left: string, right: string): readonly string[] {
  const out: string[] = [];
  for (let i = 0; i < word.length; i++) {
    const merges = word[i] === left && word[i + 1] === right;
    out.push(merges ? left + right : (word[i] as string));
    if (merges) i++;
  }
  return out;
}

/**
 * The printable character that stands for each byte in a byte-level vocabulary: printable Latin-1 for itself, the rest
 * shifted past 255 in order. Source: Radford et al. (2019), GPT-2's released encoder.
 */
export const byteCharacters: readonly string[] = (() => {
  const printable = (byte: number): boolean => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let shifted = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : shifted++));
})();
