import { sql } from "drizzle-orm";
import { rows, sqlState, type Db } from "../db.ts";
import { ApiError } from "../errors.ts";
import { newId, type Id } from "../ids.ts";
import { readCursor, toPage, type Page } from "../page.ts";
import { requireUploads } from "../upload/manage.ts";
import type { Style, StyleInput } from "./contract.ts";

interface StyleRow extends Record<string, unknown> {
  style: Omit<Style, "object" | "owned"> & { account_id: Id<"account"> | null };
}

const present = ({ style }: StyleRow): Style => ({
  id: style.id,
  object: "style",
  owned: style.account_id !== null,
  name: style.name,
  description: style.description,
  tags: style.tags,
  references: style.references,
  version: style.version,
  created_at: new Date(style.created_at).toISOString(),
  updated_at: new Date(style.updated_at).toISOString(),
});

const taken = (name: string, cause: unknown): never => {
  if (sqlState(cause)?.constraint === "styles_account_name") throw new ApiError("conflict", `The account already has a style named "${name}".`, { cause });
  throw cause;
};

/** Keeps a named style. Throws `invalid_input` for uploads that are not there, `conflict` for a name in use. */
export const createStyle = async (db: Db, accountId: Id<"account">, input: StyleInput): Promise<Style> => {
  await requireUploads(db, accountId, input.references.map(({ image }) => image));
  const [row] = await rows<StyleRow>(
    db,
    sql`
    insert into styles (id, account_id, name, description, tags, "references")
    values (${newId("style")}, ${accountId}, ${input.name}, ${input.description}, ${JSON.stringify(input.tags)}::jsonb, ${JSON.stringify(input.references)}::jsonb)
    returning to_jsonb(styles) as style`,
  ).catch((cause: unknown) => taken(input.name, cause));
  if (row === undefined) throw new Error("createStyle: the insert returned no row");
  return present(row);
};

/** A style of the account, or one offered to everyone. Throws `not_found`. */
export const getStyle = async (db: Db, accountId: Id<"account">, id: Id<"style">): Promise<Style> => {
  const [row] = await rows<StyleRow>(
    db,
    sql`select to_jsonb(styles) as style from styles where id = ${id} and (account_id = ${accountId} or account_id is null) and deleted_at is null`,
  );
  if (row === undefined) throw new ApiError("not_found", `There is no style ${id} in this account.`);
  return present(row);
};

/** The styles the account can use, newest first. */
export const listStyles = async (db: Db, accountId: Id<"account">, page: { limit: number; cursor?: string | undefined }): Promise<Page<Style>> => {
  const from = readCursor(page.cursor);
  const found = await rows<StyleRow>(
    db,
    sql`
    select to_jsonb(styles) as style from styles where (account_id = ${accountId} or account_id is null) and deleted_at is null
      and ${from === null ? sql`true` : sql`(created_at, id) < (${from.at}::timestamptz, ${from.id})`}
    order by created_at desc, id desc limit ${page.limit + 1}`,
  );
  return toPage(found, page.limit, ({ style }) => ({ at: style.created_at, id: style.id }), present);
};

/** Replaces a style of the account; its version grows. Throws `not_found`, `invalid_input`, `conflict`. */
export const updateStyle = async (db: Db, accountId: Id<"account">, id: Id<"style">, input: StyleInput): Promise<Style> => {
  await requireUploads(db, accountId, input.references.map(({ image }) => image));
  const [row] = await rows<StyleRow>(
    db,
    sql`
    update styles set name = ${input.name}, description = ${input.description}, tags = ${JSON.stringify(input.tags)}::jsonb,
      "references" = ${JSON.stringify(input.references)}::jsonb, version = version + 1, updated_at = now()
    where id = ${id} and account_id = ${accountId} and deleted_at is null
    returning to_jsonb(styles) as style`,
  ).catch((cause: unknown) => taken(input.name, cause));
  if (row === undefined) throw new ApiError("not_found", `There is no style ${id} of this account.`);
  return present(row);
};

/** Forgets a style; jobs made with it keep their copy of its references. Throws `not_found`. */
export const deleteStyle = async (db: Db, accountId: Id<"account">, id: Id<"style">): Promise<void> => {
  const gone = await rows(db, sql`update styles set deleted_at = now() where id = ${id} and account_id = ${accountId} and deleted_at is null returning id`);
  if (gone.length === 0) throw new ApiError("not_found", `There is no style ${id} of this account.`);
};
