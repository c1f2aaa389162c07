import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import type { KeyMode } from "../api-key.ts";
import type { Id } from "../ids.ts";
import type { JobFailure, JobKind, JobPhase, JobResult, JobState, StoredRequest } from "../job/contract.ts";
import { accounts } from "./accounts.ts";
import { moment, xid8 } from "./columns.ts";

/** One piece of work. Every change of `state` or `version` goes through `job/transition.ts`; a trigger refuses others. */
export const jobs = pgTable(
  "jobs",
  {
    id: text("id").$type<Id<"job">>().primaryKey(),
    accountId: text("account_id").$type<Id<"account">>().notNull().references(() => accounts.id),
    keyId: text("key_id").$type<Id<"key">>(),
    kind: text("kind").$type<JobKind>().notNull().default("picture"),
    mode: text("mode").$type<KeyMode>().notNull(),
    state: text("state").$type<JobState>().notNull(),
    phase: text("phase").$type<JobPhase>().notNull(),
    version: integer("version").notNull().default(1),
    /** Grows with every claim. A write that carries an older one matches no row. */
    fence: integer("fence").notNull().default(0),
    triesLeft: integer("tries_left").notNull(),
    leaseOwner: text("lease_owner"),
    leaseUntil: moment("lease_until"),
    cancelRequestedAt: moment("cancel_requested_at"),
    startBy: moment("start_by").notNull(),
    finishBy: moment("finish_by").notNull(),
    runAfter: moment("run_after").notNull().defaultNow(),
    /** When the queue was last told of this job. */
    rungAt: moment("rung_at").notNull().defaultNow(),
    request: jsonb("request").$type<StoredRequest>().notNull(),
    price: integer("price").notNull(),
    step: integer("step"),
    steps: integer("steps"),
    /** Object key of the newest preview picture. */
    preview: text("preview"),
    result: jsonb("result").$type<JobResult>(),
    error: jsonb("error").$type<JobFailure>(),
    matrixId: text("matrix_id").$type<Id<"matrix">>(),
    cell: integer("cell"),
    retryOf: text("retry_of").$type<Id<"job">>(),
    metadata: jsonb("metadata").$type<Record<string, string>>().notNull(),
    webhookUrl: text("webhook_url"),
    webhookEvents: jsonb("webhook_events").$type<string[]>(),
    requestId: text("request_id").notNull(),
    traceparent: text("traceparent"),
    /** Null: kept until it is deleted. */
    retentionS: integer("retention_s"),
    createdAt: moment("created_at").notNull().defaultNow(),
    startedAt: moment("started_at"),
    finishedAt: moment("finished_at"),
    /** When inputs and outputs are purged; set as the job ends. */
    expiresAt: moment("expires_at"),
    purgedAt: moment("purged_at"),
    /** Places of the pictures that were deleted one by one. */
    removed: jsonb("removed").$type<number[]>().notNull().default([]),
    deletedAt: moment("deleted_at"),
  },
  (t) => [
    index("jobs_account_created").on(t.accountId, t.createdAt.desc(), t.id.desc()),
    index("jobs_account_queued").on(t.accountId).where(sql`${t.state} = 'queued'`),
    index("jobs_account_running").on(t.accountId).where(sql`${t.state} = 'running'`),
    // `lease_until` is in no index, so that a heartbeat rewrites nothing but the row (HOT).
    index("jobs_queued_order").on(t.createdAt).where(sql`${t.state} = 'queued'`),
    index("jobs_open_finish_by").on(t.finishBy).where(sql`${t.state} in ('queued', 'running')`),
    index("jobs_expiry").on(t.expiresAt).where(sql`${t.purgedAt} is null`),
    index("jobs_matrix").on(t.matrixId, t.cell).where(sql`${t.matrixId} is not null`),
  ],
);

/** One claim of a job by a worker. */
export const jobAttempts = pgTable(
  "job_attempts",
  {
    jobId: text("job_id").$type<Id<"job">>().notNull().references(() => jobs.id, { onDelete: "cascade" }),
    fence: integer("fence").notNull(),
    workerId: text("worker_id").notNull(),
    startedAt: moment("started_at").notNull().defaultNow(),
    endedAt: moment("ended_at"),
    outcome: text("outcome").$type<"succeeded" | "failed" | "canceled" | "released" | "lost" | "expired">(),
    errorCode: text("error_code"),
  },
  (t) => [primaryKey({ columns: [t.jobId, t.fence] })],
);

/** What happened to a job: its row as it stood at each version. Never changed. */
export const jobEvents = pgTable(
  "job_events",
  {
    jobId: text("job_id").$type<Id<"job">>().notNull().references(() => jobs.id, { onDelete: "cascade" }),
    version: integer("version").notNull(),
    accountId: text("account_id").$type<Id<"account">>().notNull(),
    type: text("type").notNull(),
    terminal: boolean("terminal").notNull(),
    body: jsonb("body").notNull(),
    at: moment("at").notNull().defaultNow(),
    seq: bigint("seq", { mode: "number" }).generatedAlwaysAsIdentity().notNull(),
    tx: xid8("tx").notNull().default(sql`pg_current_xact_id()`),
  },
  (t) => [primaryKey({ columns: [t.jobId, t.version] }), index("job_events_feed").on(t.accountId, t.tx, t.seq), index("job_events_at").on(t.at)],
);

/** Bells still to be rung: jobs the queue must hear of. A row goes away once the queue took the message. */
export const outbox = pgTable(
  "outbox",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    jobId: text("job_id").$type<Id<"job">>().notNull(),
    traceparent: text("traceparent"),
    notBefore: moment("not_before").notNull().defaultNow(),
    createdAt: moment("created_at").notNull().defaultNow(),
  },
  (t) => [index("outbox_due").on(t.notBefore), index("outbox_job").on(t.jobId)],
);

/** References x prompts x strengths made as one create; each cell is a job. */
export const matrices = pgTable(
  "matrices",
  {
    id: text("id").$type<Id<"matrix">>().primaryKey(),
    accountId: text("account_id").$type<Id<"account">>().notNull().references(() => accounts.id),
    axes: jsonb("axes").$type<{ references: number; prompts: number; strengths: number }>().notNull(),
    request: jsonb("request").notNull(),
    createdAt: moment("created_at").notNull().defaultNow(),
    deletedAt: moment("deleted_at"),
  },
  (t) => [index("matrices_account_created").on(t.accountId, t.createdAt.desc(), t.id.desc())],
);
