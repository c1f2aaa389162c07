import { sql, type SQL } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import { ApiError } from "../errors.ts";
import type { Id } from "../ids.ts";

const change = async (db: Db, accountId: Id<"account">, id: Id<"picture">, columns: SQL): Promise<void> => {
  const changed = await rows(db, sql`update pictures set ${columns} where id = ${id} and account_id = ${accountId} and deleted_at is null returning id`);
  if (changed.length === 0) throw new ApiError("not_found", `There is no picture ${id} in this account.`);
};

/** Marks a picture, or takes the mark away. Throws `not_found`. */
export const markFavourite = (db: Db, accountId: Id<"account">, id: Id<"picture">, favourite: boolean): Promise<void> => change(db, accountId, id, sql`favourite = ${favourite}`);

/** Gives a picture a share link; one that it has already stays. Throws `not_found`. */
export const sharePicture = (db: Db, accountId: Id<"account">, id: Id<"picture">, token: string): Promise<void> =>
  change(db, accountId, id, sql`share_token = coalesce(share_token, ${token}), shared_at = coalesce(shared_at, now())`);

/** Makes a picture's share link show nothing. Throws `not_found`. */
export const unsharePicture = (db: Db, accountId: Id<"account">, id: Id<"picture">): Promise<void> => change(db, accountId, id, sql`share_token = null, shared_at = null`);

/** Deletes one picture; its job keeps saying that it was made. Returns the key of the object to remove. Throws `not_found`. */
export const deletePicture = async (db: Db, accountId: Id<"account">, id: Id<"picture">): Promise<string> => {
  const [row] = await rows<{ key: string }>(
    db,
    sql`
    with gone as (
      update pictures set deleted_at = now(), share_token = null where id = ${id} and account_id = ${accountId} and deleted_at is null returning job_id, place
    )
    update jobs set removed = jobs.removed || to_jsonb(gone.place) from gone where jobs.id = gone.job_id
    returning jobs.result -> 'images' -> gone.place ->> 'key' as key`,
  );
  if (row === undefined) throw new ApiError("not_found", `There is no picture ${id} in this account.`);
  return row.key;
};
