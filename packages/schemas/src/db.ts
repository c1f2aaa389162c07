import { DrizzleQueryError, type SQL } from "drizzle-orm";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import type * as tables from "./tables/index.ts";

/** A connection, a pool or a transaction: what every verb takes as its first argument. */
export type Db = Pick<PostgresJsDatabase<typeof tables>, "execute" | "select" | "insert" | "update" | "delete" | "transaction">;

/** Runs a statement whose rows have the shape `Row`; the caller vouches for the shape, the verbs' tests for the caller. */
export const rows = async <Row extends Record<string, unknown>>(db: Db, statement: SQL): Promise<Row[]> => {
  const found: readonly unknown[] = await db.execute(statement);
  return found as Row[];
};

/** The Postgres error code (SQLSTATE) and what it is about, when `error` comes from the database. */
export const sqlState = (error: unknown): { code: string; constraint: string; where: string } | undefined => {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    // Only the server's own errors have a severity: the system's EPIPE has five letters too.
    if ("severity" in cause && "code" in cause && typeof cause.code === "string" && /^[0-9A-Z]{5}$/.test(cause.code)) {
      return {
        code: cause.code,
        constraint: "constraint_name" in cause && typeof cause.constraint_name === "string" ? cause.constraint_name : "",
        where: "where" in cause && typeof cause.where === "string" ? cause.where : "",
      };
    }
  }
  return undefined;
};

/** Whether `error` comes from a statement: the database's answer, or that there was none. */
export const isDatabaseError = (error: unknown): boolean => {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) if (cause instanceof DrizzleQueryError) return true;
  return false;
};
