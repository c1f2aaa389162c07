import { customType, timestamp } from "drizzle-orm/pg-core";

/** A moment, to the microsecond, read and written as ISO text. The database's clock is the only one jobs obey. */
export const moment = (name: string) => timestamp(name, { withTimezone: true, mode: "string" });

/** Postgres' 64-bit transaction id; lets a reader page through rows without missing one that commits late. */
export const xid8 = customType<{ data: string }>({ dataType: () => "xid8" });
