import { afterAll, beforeAll, inject } from "vitest";
import { scratchDatabase } from "../local/scratch-database.ts";
import { createAccount } from "../src/account/create.ts";
import { connect, type Connection } from "../src/connect.ts";
import type { Db } from "../src/db.ts";
import { newId, type Id } from "../src/ids.ts";
import type { StoredRequest } from "../src/job/contract.ts";
import { createJobs, type Created, type NewJobs } from "../src/job/create.ts";
import type { JobRow } from "../src/job/row.ts";

/** A database of the test file's own, opened before its tests and closed after them. */
export const useDatabase = (): { readonly db: Db } => {
  let connection: Connection | undefined;
  beforeAll(async () => {
    connection = connect(await scratchDatabase(inject("postgresUrl")), { max: 20, lockTimeoutMs: 5000 });
  });
  afterAll(() => connection?.close());
  return {
    get db() {
      if (connection === undefined) throw new Error("the database is opened in beforeAll");
      return connection.db;
    },
  };
};

export const REQUEST: StoredRequest = {
  references: [{ url: "https://example.com/a.png", weight: 1, mode: "style", fit: "stretch" }],
  style: null,
  prompt: "a dog",
  negative_prompt: "",
  strength: 1,
  count: 1,
  seed: 7,
};

/** Queues one job (or what `change` makes of it). */
export const queue = (db: Db, accountId: Id<"account">, change: Partial<NewJobs> = {}): Promise<Created> =>
  createJobs(db, {
    accountId,
    keyId: null,
    mode: "live",
    idempotency: null,
    jobs: [{ id: newId("job"), request: REQUEST, price: 1 }],
    matrix: null,
    retryOf: null,
    metadata: {},
    webhook: null,
    startWithinS: 600,
    finishWithinS: 1200,
    retentionS: 3600,
    requestId: newId("request"),
    traceparent: null,
    bellDelayS: 0,
    ...change,
  });

/** An account with `credits` and one queued job. */
export const oneJob = async (db: Db, change: Partial<NewJobs> = {}, credits = 10): Promise<{ accountId: Id<"account">; job: JobRow }> => {
  const accountId = await createAccount(db, { name: "test", credits, runningLimit: 1000 });
  const { jobs } = await queue(db, accountId, change);
  return { accountId, job: jobs[0]! };
};
