import { dropOldRows, jobsToPurge, markPurged, orphanedKeys, type Db } from "@deadiff/schemas";
import type { Store } from "../store.ts";

/** Removes the pictures of jobs whose time is over, then the rows whose time is over. Returns how much went. */
export const purge = async (db: Db, store: Store): Promise<number> => {
  const due = await jobsToPurge(db);
  for (const { id, keys } of due) {
    await store.remove(keys);
    await markPurged(db, id);
  }
  return due.length + (await dropOldRows(db));
};

const ORPHAN_AGE_MS = 24 * 3600 * 1000;

/** Removes objects of attempts that came to nothing, a day after they were written. */
export const removeOrphans = async (db: Db, store: Store, nowMs: number, ageMs = ORPHAN_AGE_MS): Promise<number> => {
  let removed = 0;
  for await (const keys of store.list("out/", new Date(nowMs - ageMs))) {
    const orphans = await orphanedKeys(db, keys);
    if (orphans.length > 0) await store.remove(orphans);
    removed += orphans.length;
  }
  return removed;
};
