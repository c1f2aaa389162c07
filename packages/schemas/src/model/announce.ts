import { sql } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import { ApiError } from "../errors.ts";
import type { ModelAbout, ModelInfo } from "./contract.ts";

/** A worker says what it serves; repeated while it does. */
export const announceModel = async (db: Db, about: ModelAbout): Promise<void> => {
  await db.execute(sql`
    insert into models (name, version, encoder, about) values (${about.name}, ${about.version}, ${about.encoder}, ${JSON.stringify(about)}::jsonb)
    on conflict (name, version) do update set encoder = excluded.encoder, about = excluded.about, seen_at = now()`);
};

/** How often a worker repeats what it serves, and how long that is believed. */
export const MODEL_NEWS = { everyS: 60, staleAfterS: 200 } as const;

/** The models that workers served lately, newest news first. */
export const listModels = async (db: Db): Promise<ModelInfo[]> => {
  const found = await rows<{ about: ModelAbout; available: boolean; seen_at: string }>(
    db,
    sql`
    select about, seen_at > now() - ${MODEL_NEWS.staleAfterS} * interval '1 second' as available, to_jsonb(seen_at) #>> '{}' as seen_at
    from models order by date_trunc('minute', seen_at) desc, first_seen_at desc limit 20`,
  );
  return found.map(({ about, available, seen_at }) => ({ ...about, object: "model", available, seen_at: new Date(seen_at).toISOString() }));
};

/** The model that jobs run on. Throws `overloaded` before any worker has said what it serves. */
export const getModel = async (db: Db): Promise<ModelInfo> => {
  const [newest] = await listModels(db);
  if (newest === undefined) throw new ApiError("overloaded", "No worker has loaded a model yet.", { retryAfterS: 3 });
  return newest;
};
