import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import type { Db } from "./db.ts";
import * as tables from "./tables/index.ts";

/** A pool of connections to the platform's database. */
export interface Connection {
  readonly db: Db;
  /** Waits for running statements, then closes. */
  readonly close: () => Promise<void>;
}

/** How a pool behaves. */
export interface ConnectOptions {
  readonly max?: number;
  /** Statements that wait longer for a lock fail with SQLSTATE 55P03. */
  readonly lockTimeoutMs?: number;
  /** Shown in pg_stat_activity. */
  readonly name?: string;
  readonly idleTimeoutS?: number;
  readonly connectTimeoutS?: number;
}

/** Connects to the database at `url`, which must have been migrated. Nothing is sent before the first statement. */
export const connect = (url: string, options: ConnectOptions = {}): Connection => {
  const client = postgres(url, {
    max: options.max ?? 5,
    // Array types are not used; looking them up would cost every new connection a round trip.
    fetch_types: false,
    onnotice: () => undefined,
    connect_timeout: options.connectTimeoutS ?? 10,
    ...(options.idleTimeoutS === undefined ? {} : { idle_timeout: options.idleTimeoutS }),
    connection: {
      application_name: options.name ?? "deadiff",
      TimeZone: "UTC",
      ...(options.lockTimeoutMs === undefined ? {} : { lock_timeout: options.lockTimeoutMs }),
    },
  });
  // Drizzle leaves every statement unprepared that has no name of its own: that is a round trip to have it described and a plan made anew,
  // each time. Prepared, a connection pays them once a statement. A plan that a migration outdated is made again by the driver.
  const unsafe = client.unsafe.bind(client);
  client.unsafe = (text, parameters, settings) => unsafe(text, parameters, { ...settings, prepare: true });
  return { db: drizzle(client, { schema: tables }), close: () => client.end({ timeout: 5 }) };
};
