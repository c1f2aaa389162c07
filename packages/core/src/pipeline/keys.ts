import { DeadiffError } from "../errors.ts";
import type { Branch, DeadiffConfig } from "../models/deadiff.ts";
import type { Branch as Half } from "../sampling/guidance.ts";
import type { HostTensor, Kept } from "../session.ts";
import { keySpecs } from "./graphs.ts";
import type { Model } from "./model.ts";
import type { ImageCondition } from "./references.ts";

/** What the U-Net attends to in a job. */
export type Conditions = {
  /** Text tokens of the prompt and, where there is guidance, of the negative prompt, each row-major [T, E]. */
  readonly text: { readonly conditional: Float32Array; readonly unconditional: Float32Array | null };
  /** null leaves image keys out. */
  readonly image: ImageCondition | null;
};

/** The keys and values of a job. They do not depend on the timestep: made once, they stay in the runtime. */
export type JobKeys = {
  /** Feeds of the U-Net for a batch of rows, each in the half that is given. */
  of: (rows: readonly Half[]) => Promise<Record<string, Kept>>;
  /** Forgets them. */
  drop: () => Promise<void>;
};

/**
 * The keys of a job, computed at the first evaluation that needs them for a batch of that composition.
 *
 * The unconditional half has zero image tokens and the negative prompt, as in the authors' code.
 *
 * @param conditions one for all pictures, or one for each picture of the batch in turn; all with image keys or all without
 */
export function jobKeys(model: Model, conditions: readonly [Conditions, ...Conditions[]]): JobKeys {
  const { config: c } = model;
  const withImage = conditions[0].image !== null;
  const names = Object.keys(keySpecs(c, withImage));
  const job = crypto.randomUUID();
  const made = new Map<string, Promise<Record<string, Kept>>>();
  const make = async (composition: string, rows: readonly Half[]): Promise<Record<string, Kept>> => {
    const keep = Object.fromEntries(names.map((name) => [name, `${job}/${composition}/${name}`]));
    await model.run(withImage ? "conditioning" : "conditioning-text", conditioningFeeds(c, conditions, rows), { keep });
    return Object.fromEntries(Object.entries(keep).map(([name, kept]) => [name, { kept }]));
  };
  return {
    of(rows) {
      const composition = rows.map((row) => row.charAt(0)).join("");
      const keys = made.get(composition) ?? make(composition, rows);
      made.set(composition, keys);
      return keys;
    },
    async drop() {
      await Promise.allSettled(made.values());
      await model.drop([...made.keys()].flatMap((composition) => names.map((name) => `${job}/${composition}/${name}`)));
    },
  };
}

function conditioningFeeds(c: DeadiffConfig, conditions: readonly [Conditions, ...Conditions[]], rows: readonly Half[]): Record<string, HostTensor> {
  const stacked = (dims: readonly number[], of: (half: Half, conditions: Conditions) => Float32Array): HostTensor => {
    const size = dims.reduce((product, dim) => product * dim, 1);
    const data = new Float32Array(rows.length * size);
    for (const [i, half] of rows.entries()) data.set(of(half, conditions[i % conditions.length] ?? conditions[0]), i * size);
    return { dtype: "float32", dims: [rows.length, ...dims], data };
  };
  const textOf = (half: Half, { text }: Conditions): Float32Array => {
    const tokens = text[half];
    if (tokens === null) throw new DeadiffError("guidance_branches", "the job has no negative prompt to guide away from");
    return tokens;
  };
  const text = stacked([c.text.context, c.unet.contextWidth], textOf); // [B, T, E]
  if (conditions[0].image === null) return { text };
  const imageTokens = [c.qFormer.queries, c.unet.contextWidth];
  const none = new Float32Array(0); // leaves the row at zero
  const tokens = (branch: Branch): HostTensor => stacked(imageTokens, (half, { image }) => (half === "conditional" ? image?.tokens[branch] : undefined) ?? none);
  return {
    text,
    style: tokens("style"), // [B, Q, E]
    content: tokens("content"),
    gains: stacked([c.layerMap.length], (_, { image }) => Float32Array.from(image?.gains ?? [])),
  };
}
