import type { Id, Job, PictureDetail, Style } from "@deadiff/schemas/contracts";
import { toast } from "sonner";
import type { Parameters } from "@/pictures/parameters";
import type { Sampling } from "./model";
import { INITIAL, newReference, useStudio, type DeskReference, type ReferenceFit, type ReferenceMode, type Saved, type Settings } from "./state";

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
  if (input !== null) restore({ input, parameters: parameters ?? {}, seed });
};

type Json = Readonly<Record<string, unknown>>;

const restore = ({ input, parameters, seed }: { readonly input: Json; readonly parameters: Json; readonly seed: number | null }): void => {
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
  const references = Array.isArray(input["references"]) ? input["references"].flatMap(deskReference) : [];
  const studio = useStudio.getState();
  studio.set(settings);
  studio.replaceReferences(references);
  toast.success("Everything is back on the desk, the seed locked.");
};

const samplingFrom = (used: Readonly<Record<string, unknown>>): Pick<Settings, "preset" | "sampling"> => {
  const { sampler, spacing, steps, guidance } = used;
  if (typeof sampler !== "string" || typeof spacing !== "string" || typeof steps !== "number" || typeof guidance !== "number") return { preset: "balanced", sampling: null };
  return { preset: "custom", sampling: { sampler, spacing, steps, guidance } as Sampling };
};

/** Puts the parameters out of a picture's file on the desk. The file names its references by hash alone: those stay as they are. */
export const restoreParameters = (parameters: Parameters): void => {
  useStudio.getState().set({
    prompt: parameters.prompt,
    negativePrompt: parameters.negativePrompt,
    count: 1,
    strength: parameters.strength,
    seed: parameters.seed,
    seedLocked: true,
    gains: gainsOf(parameters.gains),
    ...samplingFrom({ ...parameters }),
  });
};

/** Puts a saved style on the desk, in the place of what lies there. */
export const restoreStyle = ({ id, name, preview_url }: Pick<Style, "id" | "name" | "preview_url">): void => {
  useStudio.getState().replaceReferences([newReference(name, { saved: { style: id }, url: preview_url })]);
};

/** Puts a picture back on the desk: every setting, its own seed, and its references. */
export const remixPicture = ({ input, parameters, seed }: Pick<PictureDetail, "input" | "parameters" | "seed">): void => restore({ input: { ...input, count: 1 }, parameters, seed });
