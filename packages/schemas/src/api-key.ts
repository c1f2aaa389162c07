import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** What a key is for: `live` spends credits, `test` costs nothing and obeys the fault prompts. */
export type KeyMode = "live" | "test";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_LENGTH = 32;
const CHECK_LENGTH = 6;

/** Matches every API key in running text, for secret scanners and log scrubbers. */
export const API_KEY_PATTERN = /dd_(?:live|test)_[0-9A-Za-z]{38}/g;

const crc32 = (text: string): number => {
  let crc = 0xffffffff;
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
};

const checkOf = (text: string): string => {
  let rest = crc32(text);
  let check = "";
  for (let i = 0; i < CHECK_LENGTH; i++) {
    check = ALPHABET.charAt(rest % 62) + check;
    rest = Math.floor(rest / 62);
  }
  return check;
};

/** Makes a secret key: `dd_live_` or `dd_test_`, 32 random base-62 characters (190 bits), 6 of checksum. */
export const newApiKey = (mode: KeyMode): string => {
  let random = "";
  while (random.length < RANDOM_LENGTH) {
    for (const byte of crypto.getRandomValues(new Uint8Array(RANDOM_LENGTH))) {
      // 248 = 4 * 62: bytes above it would favour the first letters.
      if (byte < 248 && random.length < RANDOM_LENGTH) random += ALPHABET.charAt(byte % 62);
    }
  }
  const body = `dd_${mode}_${random}`;
  return body + checkOf(body);
};

/** The mode of a well-formed key, or `undefined`. Tells a mistyped key from an unknown one without the database. */
export const parseApiKey = (secret: string): KeyMode | undefined => {
  const mode = /^dd_(live|test)_[0-9A-Za-z]{38}$/.exec(secret)?.[1];
  if (mode === undefined || checkOf(secret.slice(0, -CHECK_LENGTH)) !== secret.slice(-CHECK_LENGTH)) return undefined;
  return mode === "live" ? "live" : "test";
};

/**
 * SHA-256 of text (in UTF-8) or bytes, in hex: what is stored of a key, and how two requests are compared. Not WebCrypto's, which on
 * Node takes every call to another thread and back: for texts as short as these that costs ten times the hashing.
 */
export const sha256Hex = (of: string | Uint8Array): string => bytesToHex(sha256(typeof of === "string" ? utf8ToBytes(of) : of));
