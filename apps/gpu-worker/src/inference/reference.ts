import { blendStyleCodes, BRANCHES, DeadiffError, decodeStyleCode, makeStyleCode, type Branch, type Model, type Reference, type StyleCode } from "@deadiff/core";
import { decodeImage } from "@deadiff/core/node";
import type { ReferenceMode } from "@deadiff/schemas/contracts";
import type { LoadedMember, LoadedReference } from "../generate.ts";

const branchesOf = (mode: ReferenceMode): Branch[] => BRANCHES.filter((branch) => mode === branch || mode === "both");

/** A member's tokens of some branches. */
const memberCode = async (model: Model, member: LoadedMember, branches: readonly Branch[]): Promise<StyleCode> => {
  if (!("code" in member)) return makeStyleCode(model, await decodeImage(member.png), { branches, fit: member.fit });
  const code = await decodeStyleCode(member.code);
  const encoder = await model.encoderHash();
  if (code.encoder !== encoder) {
    throw new DeadiffError("style_code_version", `a style code was made by encoder ${code.encoder.slice(0, 12)}, the model ${model.name} ${model.version} has encoder ${encoder.slice(0, 12)}: make the code again from its picture`);
  }
  return { ...code, tokens: Object.fromEntries(branches.flatMap((branch) => (code.tokens[branch] === undefined ? [] : [[branch, code.tokens[branch]]]))) };
};

/**
 * Members read as one: per branch of `mode` the weighted mean of the tokens of the members that are for it, or of all where none
 * is. A branch that no member has tokens of is left out.
 */
export const codeOf = async (model: Model, members: readonly LoadedMember[], mode: ReferenceMode): Promise<StyleCode> => {
  const wanted = new Map<LoadedMember, Branch[]>();
  for (const branch of branchesOf(mode).filter((branch) => model.modes.includes(branch))) {
    const acting = members.filter(({ weight }) => weight > 0);
    const meant = acting.filter((member) => branchesOf(member.mode).includes(branch));
    for (const member of meant.length > 0 ? meant : acting) wanted.set(member, [...(wanted.get(member) ?? []), branch]);
  }
  const codes: StyleCode[] = [];
  for (const [member, branches] of wanted) codes.push(await memberCode(model, member, branches));
  return blendStyleCodes(codes, [...wanted.keys()].map(({ weight }) => weight));
};

/** A reference as the pipeline takes it. */
export const referenceOf = async (model: Model, reference: LoadedReference): Promise<Reference> => {
  const { weight, mode } = reference;
  if ("members" in reference) return { code: await codeOf(model, reference.members, mode), weight, mode };
  return "code" in reference ? { code: await decodeStyleCode(reference.code), weight, mode } : { image: await decodeImage(reference.png), weight, mode, fit: reference.fit };
};
