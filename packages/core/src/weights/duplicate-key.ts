const QUOTE = 0x22, BACKSLASH = 0x5c, COLON = 0x3a, OPEN = 0x7b, CLOSE = 0x7d;
const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/**
 * The first key that some object of a JSON text holds twice, or undefined. `JSON.parse` keeps the last of them in
 * silence, so two readers of one file may see different values. `json` must be valid JSON.
 */
export function findDuplicateKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  let at = 0;
  while (at < json.length) {
    const code = json.charCodeAt(at);
    if (code === OPEN) open.push(new Set());
    else if (code === CLOSE) open.pop();
    if (code !== QUOTE) {
      at++;
      continue;
    }
    const end = endOfString(json, at);
    const text = json.slice(at, end);
    at = end;
    while (isSpace(json.charCodeAt(at))) at++;
    if (json.charCodeAt(at) !== COLON) continue;
    const key = String(JSON.parse(text));
    const keys = open.at(-1);
    if (keys?.has(key)) return key;
    keys?.add(key);
  }
  return undefined;
}

/** The index after the closing quote of the string that starts at `at`. */
function endOfString(json: string, at: number): number {
  let i = at + 1;
  while (i < json.length && json.charCodeAt(i) !== QUOTE) i += json.charCodeAt(i) === BACKSLASH ? 2 : 1;
  return i + 1;
}
