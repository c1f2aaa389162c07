import { sql, type SQL } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import { ApiError } from "../errors.ts";
import { newId, type Id } from "../ids.ts";
import { readCursor, toPage, type Page } from "../page.ts";
import type { ImageType, UploadInput, UploadState } from "./contract.ts";

/** A row of `uploads`, as `to_jsonb` writes it. */
export interface UploadRow {
  id: Id<"upload">;
  account_id: Id<"account">;
  state: UploadState;
  content_type: ImageType;
  bytes: number;
  sha256: string;
  object_key: string;
  width: number | null;
  height: number | null;
  reason: string | null;
  created_at: string;
}

/** Promises a picture. Its object key is the account's and the upload's own. */
export const createUpload = async (db: Db, accountId: Id<"account">, input: UploadInput): Promise<UploadRow> => {
  const id = newId("upload");
  const [row] = await rows<{ upload: UploadRow }>(
    db,
    sql`
    insert into uploads (id, account_id, state, content_type, bytes, sha256, object_key)
    values (${id}, ${accountId}, 'pending', ${input.content_type}, ${input.bytes}, ${input.sha256}, ${`in/${accountId}/${id}`})
    returning to_jsonb(uploads) as upload`,
  );
  if (row === undefined) throw new Error("createUpload: the insert returned no row");
  return row.upload;
};

/** The account's upload. Throws `not_found`. */
export const getUpload = async (db: Db, accountId: Id<"account">, id: Id<"upload">): Promise<UploadRow> => {
  const [row] = await rows<{ upload: UploadRow }>(
    db,
    sql`select to_jsonb(uploads) as upload from uploads where id = ${id} and account_id = ${accountId} and deleted_at is null`,
  );
  if (row === undefined) throw new ApiError("not_found", `There is no upload ${id} in this account.`);
  return row.upload;
};

/** The account's ready uploads, newest first. */
export const listUploads = async (db: Db, accountId: Id<"account">, page: { limit: number; cursor?: string | undefined }): Promise<Page<UploadRow>> => {
  const from = readCursor(page.cursor);
  const found = await rows<{ upload: UploadRow }>(
    db,
    sql`
    select to_jsonb(uploads) as upload from uploads where account_id = ${accountId} and deleted_at is null and state = 'ready'
      and ${from === null ? sql`true` : sql`(created_at, id) < (${from.at}::timestamptz, ${from.id})`}
    order by created_at desc, id desc limit ${page.limit + 1}`,
  );
  return toPage(found, page.limit, ({ upload }) => ({ at: upload.created_at, id: upload.id }), ({ upload }) => upload);
};

/** What completing an upload found in the object store. */
export type UploadFinding = { readonly state: "ready"; readonly width: number; readonly height: number } | { readonly state: "rejected"; readonly reason: string };

/** Records the finding; only the first counts. */
export const completeUpload = async (db: Db, accountId: Id<"account">, id: Id<"upload">, finding: UploadFinding): Promise<UploadRow> => {
  const size = finding.state === "ready" ? finding : { width: null, height: null };
  const reason = finding.state === "rejected" ? finding.reason : null;
  await db.execute(sql`
    update uploads set state = ${finding.state}, width = ${size.width}, height = ${size.height}, reason = ${reason},
      ready_at = case when ${finding.state} = 'ready' then now() end
    where id = ${id} and account_id = ${accountId} and state = 'pending'`);
  return getUpload(db, accountId, id);
};

/** Forgets an upload. Jobs that already run keep what they read. Returns the key of the object to remove. */
export const deleteUpload = async (db: Db, accountId: Id<"account">, id: Id<"upload">): Promise<string> => {
  const upload = await getUpload(db, accountId, id);
  await db.execute(sql`update uploads set deleted_at = now() where id = ${id} and account_id = ${accountId}`);
  return upload.object_key;
};

/** Whether a row of `uploads` is a picture that the account may read: its own, or one that a style offered to everyone names. */
export const isReadable = (accountId: Id<"account">): SQL => sql`(uploads.state = 'ready' and uploads.deleted_at is null
  and (uploads.account_id = ${accountId} or exists (
    select 1 from styles where styles.account_id is null and styles.deleted_at is null
      and styles."references" @> jsonb_build_array(jsonb_build_object('image', uploads.id)))))`;

/** The pictures among `ids` that the account may read. Throws `invalid_input` naming the first that is missing. */
export const requireUploads = async (db: Db, accountId: Id<"account">, ids: readonly Id<"upload">[]): Promise<Map<string, UploadRow>> => {
  if (ids.length === 0) return new Map();
  const found = await rows<{ upload: UploadRow }>(
    db,
    sql`
    select to_jsonb(uploads) as upload from uploads
    where id in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)) and ${isReadable(accountId)}`,
  );
  const byId = new Map<string, UploadRow>(found.map(({ upload }) => [upload.id, upload]));
  for (const id of ids) {
    if (!byId.has(id)) throw new ApiError("invalid_input", `Upload ${id} does not exist in this account or was not completed.`, { issues: [{ path: "references", message: `no ready upload ${id}` }] });
  }
  return byId;
};

/** Where the pictures of a job lie and what they must hash to; those deleted since are left out. The create checked whose they are. */
export const uploadedObjects = async (db: Db, ids: readonly Id<"upload">[]): Promise<Map<string, { key: string; sha256: string }>> => {
  if (ids.length === 0) return new Map();
  const found = await rows<{ id: string; key: string; sha256: string }>(
    db,
    sql`
    select id, object_key as key, sha256 from uploads
    where id in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)) and state = 'ready' and deleted_at is null`,
  );
  return new Map(found.map(({ id, ...object }) => [id, object]));
};
