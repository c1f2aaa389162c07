import { sql } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import { ApiError } from "../errors.ts";
import { newId, type Id } from "../ids.ts";
import type { JobRow } from "../job/row.ts";

/** A code as it is kept. */
export interface StyleCodeRow {
  readonly id: Id<"code">;
  readonly encoder: string;
  readonly sha256: string;
  readonly bytes: number;
  /** The file in base64. */
  readonly data: string;
}

/** Whose code it is: a style's at one version, or nobody's (imported). */
export type CodeOwner = { readonly style: string; readonly version: number } | null;

/** Keeps a code. A style's code that is there already stays: it is the same one. */
export const keepStyleCode = async (db: Db, accountId: Id<"account"> | null, owner: CodeOwner, code: Omit<StyleCodeRow, "id">): Promise<Id<"code">> => {
  const id = newId("code");
  await db.execute(sql`
    insert into style_codes (id, account_id, style_id, style_version, encoder, sha256, bytes, data)
    values (${id}, ${accountId}, ${owner?.style ?? null}, ${owner?.version ?? null}, ${code.encoder}, ${code.sha256}, ${code.bytes}, ${code.data})
    on conflict (style_id, style_version, encoder) where style_id is not null do nothing`);
  return id;
};

/** The code of a style at one version for one encoder, once it was computed. */
export const findStyleCode = async (db: Db, owner: NonNullable<CodeOwner>, encoder: string): Promise<StyleCodeRow | undefined> => {
  const [row] = await rows<StyleCodeRow & Record<string, unknown>>(
    db,
    sql`select id, encoder, sha256, bytes, data from style_codes where style_id = ${owner.style} and style_version = ${owner.version} and encoder = ${encoder}`,
  );
  return row;
};

/** The codes' files in base64, whoever they belong to: for workers. The create checked whose they are. */
export const readStyleCodes = async (db: Db, ids: readonly Id<"code">[]): Promise<Map<string, string>> => {
  if (ids.length === 0) return new Map();
  const found = await rows<{ id: string; data: string }>(db, sql`select id, data from style_codes where id in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`);
  return new Map(found.map(({ id, data }) => [id, data]));
};

const short = (encoder: string): string => encoder.slice(0, 12);

/** Whether a model that is served takes codes of `encoder`. True while no model is known: the worker will tell. Throws `invalid_input` with what to do. */
export const requireEncoder = async (db: Db, encoder: string, path: string): Promise<void> => {
  const served = await rows<{ encoder: string; name: string; version: string }>(db, sql`select encoder, name, version from models order by seen_at desc limit 20`);
  const [newest] = served;
  if (newest === undefined || served.some((model) => model.encoder === encoder)) return;
  const message = `The style code was made by encoder ${short(encoder)}, the model ${newest.name} ${newest.version} has encoder ${short(newest.encoder)}: make the code again from its picture.`;
  throw new ApiError("invalid_input", message, { issues: [{ path, message: "made by another encoder" }] });
};

/** Checks that the account has these codes and that a served model takes them. Throws `invalid_input` naming the first that does not fit. */
export const requireCodes = async (db: Db, accountId: Id<"account">, ids: readonly Id<"code">[]): Promise<void> => {
  if (ids.length === 0) return;
  const found = await rows<{ id: string; encoder: string }>(
    db,
    sql`
    select id, encoder from style_codes
    where id in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)) and (account_id = ${accountId} or account_id is null)`,
  );
  const encoders = new Map(found.map(({ id, encoder }) => [id, encoder]));
  for (const id of ids) {
    if (!encoders.has(id)) throw new ApiError("invalid_input", `There is no style code ${id} in this account.`, { issues: [{ path: "references", message: `no style code ${id}` }] });
  }
  for (const encoder of new Set(encoders.values())) await requireEncoder(db, encoder, "references");
};

/** The account's job that computes a style's code at this moment, if one does. */
export const openCodeJob = async (db: Db, accountId: Id<"account">, owner: NonNullable<CodeOwner>): Promise<JobRow | undefined> => {
  const [row] = await rows<{ job: JobRow }>(
    db,
    sql`
    select to_jsonb(jobs) as job from jobs
    where account_id = ${accountId} and kind = 'style_code' and state in ('queued', 'running') and cancel_requested_at is null
      and request -> 'style' = ${JSON.stringify({ id: owner.style, version: owner.version })}::jsonb
    order by created_at desc limit 1`,
  );
  return row?.job;
};
