import { sql } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import { ApiError } from "../errors.ts";
import type { Id } from "../ids.ts";
import { LIMITS } from "../limits.ts";
import { requireUploads } from "../upload/manage.ts";
import { requireCodes } from "./codes.ts";
import type { Reference, ReferenceMode, StoredReference, StyleReference, StyleSnapshot } from "./contract.ts";

interface Share {
  readonly style: Id<"style">;
  readonly weight: number;
}

interface Found extends Record<string, unknown> {
  readonly version: number;
  readonly references: readonly StyleReference[];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** A style's references with weights that add up to `share`, so that styles of many pictures do not outweigh those of one. */
const shareOut = (references: readonly StyleReference[], share: number): StyleReference[] => {
  const total = sum(references.map(({ weight }) => weight));
  return references.map((reference) => ({ ...reference, weight: total === 0 ? 0 : (reference.weight / total) * share }));
};

/** What the members are for, taken together. */
const modeOf = (members: readonly StyleReference[]): ReferenceMode => {
  const modes = new Set(members.map(({ mode }) => mode));
  const [only] = modes;
  return only !== undefined && modes.size === 1 ? only : "both";
};

/** The members of a mix of styles, weights adding up to 1, in the order of the shares. */
export const mixStyles = (shares: readonly { readonly weight: number; readonly references: readonly StyleReference[] }[]): StyleReference[] => {
  const total = sum(shares.map(({ weight }) => weight));
  return shares.flatMap(({ weight, references }) => (weight === 0 ? [] : shareOut(references, weight / total)));
};

/** The styles that the account can use, by id. Throws `invalid_input` naming the first that is missing. */
export const requireStyles = async (db: Db, accountId: Id<"account">, ids: readonly Id<"style">[]): Promise<Map<string, Found>> => {
  if (ids.length === 0) return new Map();
  const found = await rows<Found & { id: string }>(
    db,
    sql`
    select id, version, "references" from styles
    where id in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)) and (account_id = ${accountId} or account_id is null) and deleted_at is null`,
  );
  const byId = new Map(found.map(({ id, ...style }) => [id, style]));
  for (const id of ids) {
    if (!byId.has(id)) throw new ApiError("invalid_input", `There is no style ${id} in this account.`, { issues: [{ path: "references", message: `no style ${id}` }] });
  }
  return byId;
};

const sharesOf = (reference: Reference): readonly Share[] =>
  "style" in reference ? [{ style: reference.style, weight: 1 }] : "blend" in reference ? reference.blend : [];

/** The pictures and codes that references come down to. */
export const membersOf = (references: readonly StoredReference[]): StoredReference[] =>
  references.flatMap((reference): StoredReference[] => ("members" in reference ? [...reference.members] : [reference]));

/** The uploads that references come down to. */
export const uploadsOf = (references: readonly StoredReference[]): Id<"upload">[] => membersOf(references).flatMap((member) => ("image" in member ? [member.image] : []));
const codesOf = (references: readonly StoredReference[]): Id<"code">[] => membersOf(references).flatMap((member) => ("code" in member ? [member.code] : []));

/** Checks that every picture and code that stored references need is there. Throws `invalid_input`. */
export const requireMembers = async (db: Db, accountId: Id<"account">, references: readonly StoredReference[]): Promise<void> => {
  await requireUploads(db, accountId, uploadsOf(references));
  await requireCodes(db, accountId, codesOf(references));
};

/**
 * References as jobs keep them, in the same order: saved styles and blends replaced by what they are made of now, styles and codes known
 * to exist. Pictures are looked at by the create itself. Throws `invalid_input`.
 */
export const resolveReferences = async (db: Db, accountId: Id<"account">, sets: readonly (readonly Reference[])[]): Promise<StoredReference[][]> => {
  const styles = await requireStyles(db, accountId, sets.flat().flatMap(sharesOf).map(({ style }) => style));
  const resolve = (reference: Reference): StoredReference => {
    const shares = sharesOf(reference);
    if ("image" in reference || "url" in reference || "code" in reference) return reference;
    const found = shares.map(({ style, weight }) => ({ id: style, weight, version: styles.get(style)?.version ?? 0, references: styles.get(style)?.references ?? [] }));
    const members = mixStyles(found);
    return { styles: found.map(({ id, version, weight }) => ({ id, version, weight })), members, weight: reference.weight, mode: reference.mode ?? modeOf(members) } satisfies StyleSnapshot;
  };
  const resolved = sets.map((set) => set.map(resolve));
  for (const set of resolved) {
    const pictures = membersOf(set).length;
    if (pictures > LIMITS.membersPerJob) {
      throw new ApiError("invalid_input", `The references come down to ${pictures} pictures, at most ${LIMITS.membersPerJob} may be read: take a style's code, or fewer styles.`, { issues: [{ path: "references", message: "too many pictures" }] });
    }
  }
  await requireCodes(db, accountId, codesOf(resolved.flat()));
  return resolved;
};
