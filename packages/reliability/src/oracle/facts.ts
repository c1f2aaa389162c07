import { createWriteStream } from "node:fs";

/** Something that the tests saw from outside, written down the moment it was seen. */
export type Fact =
  /** A create that was answered 2xx. */
  | { readonly kind: "created"; readonly account: string; readonly key: string; readonly job: string; readonly price: number }
  /** A cancel that was answered 2xx, with the state in the answer. */
  | { readonly kind: "cancel"; readonly account: string; readonly job: string; readonly state: string; readonly version: number }
  /** Something that must never be seen. */
  | { readonly kind: "failure"; readonly what: string }
  /** A job as one reader saw it. */
  | { readonly kind: "seen"; readonly reader: string; readonly job: string; readonly version: number; readonly state: string }
  /** A webhook that came in. */
  | {
      readonly kind: "webhook";
      readonly endpoint: string;
      readonly id: string;
      readonly body: string;
      readonly timestamp: string;
      readonly signature: string;
      readonly answered: number;
    };

/** A fact with the moment it was seen. */
export type Seen = Fact & { readonly at: number };

/** The oracle's own log: what was promised and what arrived, kept apart from the product's tables. */
export interface Log {
  readonly note: (fact: Fact) => void;
  readonly facts: () => readonly Seen[];
  readonly close: () => Promise<void>;
}

/** Opens a log whose lines also go to `file`. */
export const openLog = (file: string): Log => {
  const stream = createWriteStream(file, { flags: "a" });
  const facts: Seen[] = [];
  return {
    note: (fact) => {
      const seen = { ...fact, at: Date.now() };
      facts.push(seen);
      stream.write(`${JSON.stringify(seen)}\n`);
    },
    facts: () => facts,
    close: () => new Promise((resolve) => stream.end(resolve)),
  };
};
