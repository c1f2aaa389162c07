import type { Id, Job, PictureDetail, ReferenceMode, Style } from "@deadiff/schemas/contracts";
import type { Parameters } from "@/pictures/parameters";
import type { ReferenceFit } from "@/references/as-seen";
import { note } from "@/shell/notes";
import type { Sampling } from "./model";
import { INITIAL, newReference, useStudio, type DeskReference, type Saved, type Settings } from "./state";

const FITS: readonly string[] = ["stretch", "pad", "crop"] satisfies ReferenceFit[];
const MODES: readonly string[] = ["style", "content", "both"] satisfies ReferenceMode[];

const number = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null;

/** What a reference of a job is, where it is no upload. */
const savedOf = (value: Readonly<Record<string, unknown>>): Saved | undefined => {
  const { style, blend, code, url, styles } = value;
  if (typeof style === "string") return { style: style as Id<"style"> };
  if (typeof code === "string") return { code: code as Id<"code"> };
  if (typeof url === "string") return { url };
  // A job keeps the styles as they were; the desk takes them as they are now.
  const shares = [blend, styles].find(Array.isArray)?.filter(isRecord).map((share) => ({ style: String(share["style"] ?? share["id"]) as Id<"style">, weight: number(share["weight"]) ?? 1 }));
  const [only] = shares ?? [];
  return shares === undefined || only === undefined ? undefined : shares.length === 1 ? { style: only.style } : { blend: shares };
};

const nameOf = (saved: Saved): string => ("style" in saved ? "Saved style" : "blend" in saved ? "Blend of styles" : "code" in saved ? "Style code" : new URL(saved.url).hostname);

const cropOf = (value: unknown): DeskReference["crop"] => {
  if (!isRecord(value)) return null;
  const [x, y, width, height] = [value["x"], value["y"], value["width"], value["height"]].map(number);
  return x === undefined || y === undefined || width === undefined || height === undefined ? null : { x, y, width, height };
};

/** A reference of a job, to be put on the desk. */
const deskReference = (value: unknown, index: number): DeskReference[] => {
  if (!isRecord(value)) return [];
  const mode = String(value["mode"]);
  const fit = String(value["fit"]);
  const influence = {
    weight: number(value["weight"]) ?? 1,
    mode: MODES.includes(mode) ? (mode as ReferenceMode) : "style",
    fit: FITS.includes(fit) ? (fit as ReferenceFit) : "stretch",
    crop: cropOf(value["crop"]),
  } as const;
  if (typeof value["image"] === "string") return [newReference(`Reference ${index + 1}`, { ...influence, upload: value["image"] as Id<"upload"> })];
  const saved = savedOf(value);
  return saved === undefined ? [] : [newReference(nameOf(saved), { ...influence, saved, ...("url" in saved ? { url: saved.url } : {}) })];
};

const gainsOf = (value: unknown): readonly number[] | null => {
  if (!Array.isArray(value) || !value.every((gain) => typeof gain === "number")) return null;
  return value.every((gain) => gain === 1) ? null : value;
};

/** Puts a job back on the desk: every setting, and its references. */
export const remixJob = ({ input, parameters, seed }: Job): void => {
  if (input === null) return;
  const references = Array.isArray(input["references"]) ? input["references"].flatMap(deskReference) : [];
  restore({ input, parameters: parameters ?? {}, seed, references: { there: references, gone: 0 } });
};

type Json = Readonly<Record<string, unknown>>;

/** What a picture was made after, as far as the account still has it. */
export interface KeptReferences {
  readonly there: readonly DeskReference[];
  /** How many were deleted since. */
  readonly gone: number;
}

/** The references of a picture of the account, named and shown as they are now. */
export const keptReferences = ({ references }: Pick<PictureDetail, "references">): KeptReferences => {
  const kept = references.filter(({ reference, pictures }) => !("image" in reference) || pictures[0]?.url != null);
  const there = kept.flatMap(({ reference, name, pictures }, i) =>
    deskReference(reference, i).map((desk) => ({ ...desk, name: name ?? desk.name, url: pictures[0]?.url ?? desk.url })));
  return { there, gone: references.length - there.length };
};

const goneNote = (gone: number): string => (gone === 0 ? "" : ` ${gone} ${gone === 1 ? "reference was" : "references were"} deleted since and left out.`);

const restore = ({ input, parameters, seed, references }: { readonly input: Json; readonly parameters: Json; readonly seed: number | null; readonly references: KeptReferences }): void => {
  // What was used, where that is known; what was asked for, where it is not.
  const used = { ...input, ...parameters };
  const settings: Settings = {
    ...INITIAL,
    prompt: typeof input["prompt"] === "string" ? input["prompt"] : "",
    negativePrompt: typeof input["negative_prompt"] === "string" ? input["negative_prompt"] : "",
    count: number(input["count"]) ?? 1,
    strength: number(input["strength"]) ?? 1,
    seed: seed ?? INITIAL.seed,
    seedLocked: true,
    gains: gainsOf(used["gains"]),
    ...samplingFrom(used),
  };
  const studio = useStudio.getState();
  studio.set(settings);
  studio.replaceReferences(references.there);
  note.success(`${references.gone === 0 ? "Everything is" : "Its settings are"} back on the desk, the seed locked.${goneNote(references.gone)}`);
};

const samplingFrom = (used: Readonly<Record<string, unknown>>): Pick<Settings, "preset" | "sampling"> => {
  const { sampler, spacing, steps, guidance } = used;
  if (typeof sampler !== "string" || typeof spacing !== "string" || typeof steps !== "number" || typeof guidance !== "number") return { preset: "balanced", sampling: null };
  const sampling = { sampler, spacing, steps, guidance, prompt_guidance: number(used["promptGuidance"] ?? used["prompt_guidance"]) ?? 0 };
  return { preset: "custom", sampling: sampling as Sampling };
};

/**
 * Puts the parameters out of a picture's file on the desk, and its references where the account has the picture: the file holds
 * no more of them than hashes. Without (`null`) those on the desk stay.
 */
export const restoreParameters = (parameters: Parameters, references: KeptReferences | null): void => {
  const studio = useStudio.getState();
  studio.set({
    prompt: parameters.prompt,
    negativePrompt: parameters.negativePrompt,
    count: 1,
    strength: parameters.strength,
    seed: parameters.seed,
    seedLocked: true,
    gains: gainsOf(parameters.gains),
    ...samplingFrom({ ...parameters }),
  });
  if (references !== null) studio.replaceReferences(references.there);
  note.success(`Its settings${references !== null && references.there.length > 0 ? " and references" : ""} are on the desk, the seed locked.${goneNote(references?.gone ?? 0)}`);
};

/** Puts a saved style on the desk, in the place of what lies there. */
export const restoreStyle = ({ id, name, preview_url }: Pick<Style, "id" | "name" | "preview_url">): void => {
  useStudio.getState().replaceReferences([newReference(name, { saved: { style: id }, url: preview_url })]);
};

/** Puts a picture back on the desk: every setting, its own seed, and its references. */
export const remixPicture = ({ input, parameters, seed, references }: Pick<PictureDetail, "input" | "parameters" | "seed" | "references">): void =>
  restore({ input: { ...input, count: 1 }, parameters, seed, references: keptReferences({ references }) });
