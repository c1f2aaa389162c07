import { DeadiffError } from "../errors.ts";
import type { Branch, DeadiffConfig } from "../models/deadiff.ts";
import type { Pass } from "../sampling/guidance.ts";
import type { HostTensor, Kept } from "../session.ts";
import { keySpecs } from "./graphs.ts";
import type { Model } from "./model.ts";
import type { ImageCondition } from "./references.ts";

/** What the U-Net attends to in a picture. */
export type Conditions = {
  /** Text tokens of the prompt and, where there is guidance, of the negative prompt, each row-major [T, E]. */
  readonly text: { readonly conditional: Float32Array; readonly unconditional: Float32Array | null };
  /** null leaves image keys out. */
  readonly image: ImageCondition | null;
};

/** One row's keys: whose, and in which pass. */
export type KeyRow = { readonly conditions: Conditions; readonly pass: Pass };

/** Keys and values of rows. They do not depend on the timestep: made once for a batch of a composition, they stay in the runtime. */
export type KeyStore = {
  /** Feeds of the U-Net for a batch of these rows; all with image keys or all without. */
  of: (rows: readonly KeyRow[]) => Promise<Record<string, Kept>>;
  /** Forgets every composition that has one of the conditions; without an argument, all. */
  drop: (conditions?: readonly Conditions[]) => Promise<void>;
};

/**
 * Compositions kept at a time. A job alone has two, or four where its last pictures are fewer; a batch of many jobs has a
 * new one whenever a job comes or goes, and the older ones never return.
 */
const COMPOSITIONS_MAX = 8;

type Composition = { readonly rows: readonly KeyRow[]; readonly keys: Promise<Record<string, Kept>> };

/**
 * An empty store. The unconditional pass has zero image tokens and the negative prompt, as in the authors' code.
 *
 * Ask for the next composition when the run on the last one has ended: the oldest is forgotten to make room.
 */
export function keyStore(model: Model): KeyStore {
  const { config: c } = model;
  const store = crypto.randomUUID();
  const made = new Map<string, Composition>();
  const numbers = new WeakMap<Conditions, number>();
  let next = 0;
  const numberOf = (conditions: Conditions): number => {
    const number = numbers.get(conditions) ?? next++;
    numbers.set(conditions, number);
    return number;
  };
  const make = async (name: string, rows: readonly KeyRow[]): Promise<Record<string, Kept>> => {
    const withImage = rows[0]?.conditions.image !== null;
    const keep = Object.fromEntries(Object.keys(keySpecs(c, withImage)).map((key) => [key, `${store}/${name}/${key}`]));
    await model.run(withImage ? "conditioning" : "conditioning-text", conditioningFeeds(c, rows), { keep });
    return Object.fromEntries(Object.entries(keep).map(([key, kept]) => [key, { kept }]));
  };
  const forget = async (names: readonly string[]): Promise<void> => {
    const gone = names.flatMap((name) => made.get(name) ?? []);
    for (const name of names) made.delete(name);
    const settled = await Promise.allSettled(gone.map(({ keys }) => keys));
    await model.drop(settled.flatMap((keys) => (keys.status === "fulfilled" ? Object.values(keys.value).map(({ kept }) => kept) : [])));
  };
  return {
    async of(rows) {
      const name = rows.map(({ conditions, pass }) => `${numberOf(conditions)}${pass.charAt(0)}`).join("-");
      const known = made.get(name);
      const composition = known ?? { rows, keys: make(name, rows) };
      made.delete(name);
      made.set(name, composition); // the newest last
      try {
        return await composition.keys;
      } catch (error) {
        if (made.get(name) === composition) made.delete(name);
        throw error;
      } finally {
        const old = [...made.keys()].slice(0, Math.max(0, made.size - COMPOSITIONS_MAX));
        if (old.length > 0) await forget(old);
      }
    },
    async drop(conditions) {
      const names = [...made].filter(([, { rows }]) => conditions === undefined || rows.some((row) => conditions.includes(row.conditions))).map(([name]) => name);
      await forget(names);
    },
  };
}

function conditioningFeeds(c: DeadiffConfig, rows: readonly KeyRow[]): Record<string, HostTensor> {
  const stacked = (dims: readonly number[], of: (row: KeyRow) => Float32Array): HostTensor => {
    const size = dims.reduce((product, dim) => product * dim, 1);
    const data = new Float32Array(rows.length * size);
    for (const [i, row] of rows.entries()) data.set(of(row), i * size);
    return { dtype: "float32", dims: [rows.length, ...dims], data };
  };
  const textOf = ({ pass, conditions: { text: own } }: KeyRow): Float32Array => {
    const tokens = pass === "conditional" ? own.conditional : own.unconditional;
    if (tokens === null) throw new DeadiffError("guidance_passes", "the job has no negative prompt to guide away from");
    return tokens;
  };
  const text = stacked([c.text.context, c.unet.contextWidth], textOf); // [B, T, E]
  if (rows[0]?.conditions.image === null) return { text };
  const imageTokens = [c.qFormer.queries, c.unet.contextWidth];
  const none = new Float32Array(0); // leaves the row at zero
  const tokens = (branch: Branch): HostTensor => stacked(imageTokens, ({ pass, conditions }) => (pass === "unconditional" ? undefined : conditions.image?.tokens[branch]) ?? none);
  return {
    text,
    style: tokens("style"), // [B, Q, E]
    content: tokens("content"),
    gains: stacked([c.layerMap.length], ({ conditions }) => Float32Array.from(conditions.image?.gains ?? [])),
  };
}
