import { DeadiffError } from "../errors.ts";
import { BRANCHES } from "../models/deadiff.ts";
import type { Branch, DeadiffConfig } from "../models/deadiff.ts";
import type { Model } from "./model.ts";
import type { Reference, StylizeRequest } from "./request.ts";
import { referenceTokens, requireEncoder } from "./style-code.ts";
import { meanTokens } from "./tokens.ts";
import type { BranchTokens } from "./tokens.ts";

/** What the image side of the conditioning is made from. */
export type ImageCondition = {
  /** Row-major [Q, E]; zeros where nobody asks for the branch. */
  readonly tokens: Readonly<Record<Branch, Float32Array>>;
  /** The gain of each cross-attention layer. */
  readonly gains: readonly number[];
};

/** A reference that was read: tokens of the branches its mode asks for. */
export type ReadReference = { readonly tokens: BranchTokens; readonly weight: number };

/**
 * The image side of a request, its references read one branch at a time; null where image keys are switched off.
 *
 * @throws DeadiffError the codes of `readReference`; or the signal's reason, looked at between references
 */
export async function readReferences(model: Model, { image, references, gains, strength }: StylizeRequest, signal?: AbortSignal): Promise<ImageCondition | null> {
  if (image === "off") return null;
  const read: ReadReference[] = [];
  for (const reference of references) {
    signal?.throwIfAborted();
    read.push(await readReference(model, reference));
  }
  return combineReferences(model.config, read, gains.map((gain) => gain * strength));
}

/**
 * Reads one reference under the conditions its mode asks for. One of weight 0 is not read: it changes nothing.
 *
 * @throws DeadiffError `style_code_version`, `style_code_branch` where a code lacks what its mode asks for
 */
async function readReference(model: Model, reference: Reference): Promise<ReadReference> {
  const { mode, weight } = reference;
  if (weight === 0) return { tokens: {}, weight };
  const branches = BRANCHES.filter((branch) => mode === branch || mode === "both");
  if ("code" in reference) await requireEncoder(reference.code, model);
  const tokens: Partial<Record<Branch, Float32Array>> = {};
  for (const branch of branches) {
    if ("image" in reference) tokens[branch] = await referenceTokens(model, branch, reference.image, reference.fit);
    else {
      const kept = reference.code.tokens[branch];
      if (kept === undefined) throw new DeadiffError("style_code_branch", `a style code without ${branch} tokens was asked for ${mode}: make it again with ${branch}`);
      tokens[branch] = kept;
    }
  }
  return { tokens, weight };
}

/**
 * Combines references, per branch: tokens sum(w T) / sum(w), gain sum(w^2) / sum(w). So one reference of weight w has
 * gain w, giving a reference twice is giving it once, and one of weight 0 changes nothing. A branch that nobody asks for
 * has zero tokens, as in the authors' code.
 *
 * A layer has one gain. Where it reads both branches, that is the mean of the gains of the branches asked for.
 *
 * @param gains of each layer; each is multiplied with its branch's gain
 */
export function combineReferences(c: DeadiffConfig, references: readonly ReadReference[], gains: readonly number[]): ImageCondition {
  const combine = (branch: Branch): { tokens: Float32Array | null; gain: number } => {
    const asked = references.filter(({ tokens }) => tokens[branch] !== undefined);
    const tokens = meanTokens(asked.map((r) => ({ tokens: r.tokens[branch], weight: r.weight })));
    const sum = (power: number): number => asked.reduce((total, { weight }) => total + weight ** power, 0);
    return { tokens, gain: tokens === null ? 1 : sum(2) / sum(1) };
  };
  const combined = { style: combine("style"), content: combine("content") };
  const zeros = (): Float32Array => new Float32Array(c.qFormer.queries * c.unet.contextWidth);
  const gainOf = (branch: Branch | "both"): number => {
    if (branch !== "both") return combined[branch].gain;
    const asked = BRANCHES.filter((b) => combined[b].tokens !== null);
    return asked.length === 0 ? 1 : asked.reduce((total, b) => total + combined[b].gain, 0) / asked.length;
  };
  return {
    tokens: { style: combined.style.tokens ?? zeros(), content: combined.content.tokens ?? zeros() },
    gains: c.layerMap.map((branch, i) => (gains[i] ?? 1) * gainOf(branch)),
  };
}
