import type { Id, ReferenceMode } from "@deadiff/schemas/contracts";

/** One picture or code that a job read, as far as pages show it. */
export interface StoredMember {
  readonly source: { readonly image: Id<"upload"> } | { readonly code: string } | { readonly url: string };
  readonly weight: number;
  readonly mode: ReferenceMode;
  readonly fit: string | null;
}

/** A reference of a job: one picture, or the pictures of saved styles read as one. */
export interface StoredReference {
  readonly members: readonly StoredMember[];
  /** The saved styles it came from, with the version that was used. */
  readonly styles: readonly { readonly id: Id<"style">; readonly version: number; readonly weight: number }[];
  readonly weight: number;
  readonly mode: ReferenceMode;
}

type Json = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const numberOr = (value: unknown, otherwise: number): number => (typeof value === "number" ? value : otherwise);
const takenOf = (value: unknown): ReferenceMode => (value === "content" || value === "both" ? value : "style");

const sourceOf = ({ image, code, url }: Json): StoredMember["source"] | undefined => {
  if (typeof image === "string") return { image: image as Id<"upload"> };
  if (typeof code === "string") return { code };
  return typeof url === "string" ? { url } : undefined;
};

const memberOf = (value: unknown): StoredMember[] => {
  if (!isRecord(value)) return [];
  const source = sourceOf(value);
  return source === undefined ? [] : [{ source, weight: numberOr(value["weight"], 1), mode: takenOf(value["mode"]), fit: typeof value["fit"] === "string" ? value["fit"] : null }];
};

const styleOf = (value: unknown): StoredReference["styles"][number][] =>
  isRecord(value) && typeof value["id"] === "string" ? [{ id: value["id"] as Id<"style">, version: numberOr(value["version"], 1), weight: numberOr(value["weight"], 1) }] : [];

const referenceOf = (value: unknown): StoredReference[] => {
  if (!isRecord(value)) return [];
  const weight = numberOr(value["weight"], 1);
  const mode = takenOf(value["mode"]);
  if (Array.isArray(value["members"])) {
    return [{ members: value["members"].flatMap(memberOf), styles: Array.isArray(value["styles"]) ? value["styles"].flatMap(styleOf) : [], weight, mode }];
  }
  const members = memberOf(value);
  return members.length === 0 ? [] : [{ members, styles: [], weight, mode }];
};

/** The references in a job's `input`, which the contract leaves open; what this page does not know is left out. */
export const storedReferences = (input: Json | null): readonly StoredReference[] => {
  const references = input?.["references"];
  return Array.isArray(references) ? references.flatMap(referenceOf) : [];
};
