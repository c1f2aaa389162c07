import { z } from "zod";

/** Every kind of thing that has an id, with the prefix its ids carry. */
export const ID_PREFIXES = {
  account: "acc",
  job: "job",
  matrix: "mtx",
  upload: "img",
  style: "sty",
  code: "cod",
  picture: "pic",
  user: "usr",
  key: "key",
  endpoint: "ep",
  message: "msg",
  request: "req",
} as const;

/** A kind of thing that has ids. */
export type IdKind = keyof typeof ID_PREFIXES;

/** The id of a `K`: its prefix, an underscore and 26 characters that sort by time of making. */
export type Id<K extends IdKind> = `${(typeof ID_PREFIXES)[K]}_${string}`;

// Crockford's base 32 in lower case: no i, l, o, u, so an id can be read aloud and never spells a word by accident.
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const BODY = "[0-9a-hjkmnp-tv-z]{26}";

const encode = (value: bigint, length: number): string => {
  let rest = value;
  let text = "";
  for (let i = 0; i < length; i++) {
    text = ALPHABET.charAt(Number(rest & 31n)) + text;
    rest >>= 5n;
  }
  return text;
};

/** Makes a new id: 48 bits of `nowMs`, then 80 random bits (the layout of a ULID). */
export const newId = <K extends IdKind>(kind: K, nowMs: number = Date.now()): Id<K> => {
  const random = crypto.getRandomValues(new Uint8Array(10)).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return `${ID_PREFIXES[kind]}_${encode(BigInt(nowMs), 10)}${encode(random, 16)}`;
};

/** A zod schema for the ids of one kind; an id of another kind, or a made-up one, does not pass. */
export const idSchema = <K extends IdKind>(kind: K) =>
  z.templateLiteral([`${ID_PREFIXES[kind]}_`, z.string().regex(new RegExp(BODY))]).meta({ description: `The id of a ${kind}.` });

/** The id of a job's picture at `place` (0 to 31): the job's own, with the place as the last two characters. */
export const pictureId = (job: Id<"job">, place: number): Id<"picture"> => `pic_${job.slice(4, -2)}${encode(BigInt(place), 2)}`;
