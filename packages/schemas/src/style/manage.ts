import { sql, type SQL } from "drizzle-orm";
import { rows, sqlState, type Db } from "../db.ts";
import { ApiError } from "../errors.ts";
import { newId, type Id } from "../ids.ts";
import type { SignUrl } from "../job/present.ts";
import { LIMITS } from "../limits.ts";
import { readCursor, toPage, type Page } from "../page.ts";
import type { Style, StyleInput, StylePatch, StyleReference } from "./contract.ts";
import { mixStyles, requireMembers, requireStyles } from "./resolve.ts";

interface StyleRow extends Record<string, unknown> {
  style: Omit<Style, "object" | "owned" | "preview_url"> & { account_id: Id<"account"> | null };
  preview: string | null;
}

/** The row of a style, with the object key of its first picture. */
const columns = sql`to_jsonb(styles) as style, (
  select u.object_key from jsonb_array_elements(styles."references") with ordinality as r(reference, place)
  join uploads u on u.id = r.reference ->> 'image' and u.deleted_at is null order by r.place limit 1) as preview`;

const present = async ({ style, preview }: StyleRow, sign: SignUrl): Promise<Style> => ({
  id: style.id,
  object: "style",
  owned: style.account_id !== null,
  name: style.name,
  description: style.description,
  tags: style.tags,
  references: style.references,
  preview_url: preview === null ? null : (await sign(preview)).url,
  version: style.version,
  created_at: new Date(style.created_at).toISOString(),
  updated_at: new Date(style.updated_at).toISOString(),
});

const taken = (name: string, cause: unknown): never => {
  if (sqlState(cause)?.constraint === "styles_account_name") throw new ApiError("conflict", `The account already has a style named "${name}".`, { cause });
  throw cause;
};

/** Keeps a named style. Throws `invalid_input` for pictures and codes that are not there, `conflict` for a name in use. */
export const createStyle = async (db: Db, accountId: Id<"account">, input: StyleInput, sign: SignUrl): Promise<Style> => {
  await requireMembers(db, accountId, input.references);
  const [row] = await rows<StyleRow>(
    db,
    sql`
    insert into styles (id, account_id, name, description, tags, "references")
    values (${newId("style")}, ${accountId}, ${input.name}, ${input.description}, ${JSON.stringify(input.tags)}::jsonb, ${JSON.stringify(input.references)}::jsonb)
    returning ${columns}`,
  ).catch((cause: unknown) => taken(input.name, cause));
  if (row === undefined) throw new Error("createStyle: the insert returned no row");
  return present(row, sign);
};

/** Keeps a style between others: their references, each style's weights scaled to its share. Throws as {@link createStyle}. */
export const blendStyles = async (
  db: Db,
  accountId: Id<"account">,
  input: Omit<StyleInput, "references"> & { readonly styles: readonly { readonly style: Id<"style">; readonly weight: number }[] },
  sign: SignUrl,
): Promise<Style> => {
  const { styles, ...naming } = input;
  const found = await requireStyles(db, accountId, styles.map(({ style }) => style));
  const mixed: StyleReference[] = mixStyles(styles.map(({ style, weight }) => ({ weight, references: found.get(style)?.references ?? [] })));
  if (mixed.length > LIMITS.membersPerJob) {
    throw new ApiError("invalid_input", `These styles have ${mixed.length} references together, a style has at most ${LIMITS.membersPerJob}.`, { issues: [{ path: "styles", message: "too many references" }] });
  }
  return createStyle(db, accountId, { ...naming, references: mixed }, sign);
};

/** A style of the account, or one offered to everyone. Throws `not_found`. */
export const getStyle = async (db: Db, accountId: Id<"account">, id: Id<"style">, sign: SignUrl): Promise<Style> => {
  const [row] = await rows<StyleRow>(
    db,
    sql`select ${columns} from styles where id = ${id} and (account_id = ${accountId} or account_id is null) and deleted_at is null`,
  );
  if (row === undefined) throw new ApiError("not_found", `There is no style ${id} in this account.`);
  return present(row, sign);
};

/** Which styles a list shows. */
export interface StyleFilter {
  readonly limit: number;
  readonly cursor?: string | undefined;
  /** Text that the name, the description or a tag holds. */
  readonly search?: string | undefined;
  readonly tag?: string | undefined;
  /** True: only the account's own; false: only those offered to everyone. */
  readonly owned?: boolean | undefined;
}

/** The styles the account can use, newest first. */
export const listStyles = async (db: Db, accountId: Id<"account">, filter: StyleFilter, sign: SignUrl): Promise<Page<Style>> => {
  const from = readCursor(filter.cursor);
  const holds = (text: SQL) => sql`position(lower(${filter.search ?? ""}) in lower(${text})) > 0`;
  const conditions = [
    filter.owned === undefined ? sql`(account_id = ${accountId} or account_id is null)` : filter.owned ? sql`account_id = ${accountId}` : sql`account_id is null`,
    sql`deleted_at is null`,
    ...(from === null ? [] : [sql`(created_at, id) < (${from.at}::timestamptz, ${from.id})`]),
    ...(filter.tag === undefined ? [] : [sql`tags @> to_jsonb(${filter.tag}::text)`]),
    ...(filter.search === undefined ? [] : [sql`(${holds(sql`name`)} or ${holds(sql`description`)} or ${holds(sql`tags::text`)})`]),
  ];
  const found = await rows<StyleRow>(
    db,
    sql`select ${columns} from styles where ${sql.join(conditions, sql` and `)} order by created_at desc, id desc limit ${filter.limit + 1}`,
  );
  const page = toPage(found, filter.limit, ({ style }) => ({ at: style.created_at, id: style.id }), (row) => row);
  return { ...page, data: await Promise.all(page.data.map((row) => present(row, sign))) };
};

/** Changes a style of the account; new references make a new version. Throws `not_found`, `invalid_input`, `conflict`. */
export const updateStyle = async (db: Db, accountId: Id<"account">, { id, ...patch }: StylePatch, sign: SignUrl): Promise<Style> => {
  if (patch.references !== undefined) await requireMembers(db, accountId, patch.references);
  const references = patch.references === undefined ? null : JSON.stringify(patch.references);
  const tags = patch.tags === undefined ? null : JSON.stringify(patch.tags);
  const [row] = await rows<StyleRow>(
    db,
    sql`
    update styles set name = coalesce(${patch.name ?? null}::text, name), description = coalesce(${patch.description ?? null}::text, description),
      tags = coalesce(${tags}::jsonb, tags), "references" = coalesce(${references}::jsonb, "references"),
      version = version + case when coalesce(${references}::jsonb, "references") = "references" then 0 else 1 end, updated_at = now()
    where id = ${id} and account_id = ${accountId} and deleted_at is null
    returning ${columns}`,
  ).catch((cause: unknown) => taken(patch.name ?? "", cause));
  if (row === undefined) throw new ApiError("not_found", `There is no style ${id} of this account.`);
  return present(row, sign);
};

/** Forgets a style; jobs made with it keep their copy of its references. Throws `not_found`. */
export const deleteStyle = async (db: Db, accountId: Id<"account">, id: Id<"style">): Promise<void> => {
  const gone = await rows(db, sql`update styles set deleted_at = now() where id = ${id} and account_id = ${accountId} and deleted_at is null returning id`);
  if (gone.length === 0) throw new ApiError("not_found", `There is no style ${id} of this account.`);
};
