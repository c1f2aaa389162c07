import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, jsonb, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import type { Id } from "../ids.ts";
import type { ReferenceMode } from "../style/contract.ts";
import { accounts } from "./accounts.ts";
import { moment } from "./columns.ts";
import { jobs } from "./jobs.ts";

/** A picture in the gallery: one row per output, written in the statement that ends its job. */
export const pictures = pgTable(
  "pictures",
  {
    /** The job's id with the place as its last digits: known wherever the job is. */
    id: text("id").$type<Id<"picture">>().primaryKey(),
    accountId: text("account_id").$type<Id<"account">>().notNull().references(() => accounts.id),
    jobId: text("job_id").$type<Id<"job">>().notNull().references(() => jobs.id, { onDelete: "cascade" }),
    place: integer("place").notNull(),
    /** Of its file, in lower-case hexadecimal: a file that comes back leads to its picture. Null where a release without this column wrote it. */
    sha256: text("sha256"),
    prompt: text("prompt").notNull(),
    /** What its references were used for; empty without references. */
    modes: jsonb("modes").$type<ReferenceMode[]>().notNull(),
    styleId: text("style_id").$type<Id<"style">>(),
    seed: bigint("seed", { mode: "number" }).notNull(),
    /** Same prompt, same references: pictures that can be compared. */
    scene: text("scene").notNull(),
    /** How it was made beyond that: the arena's contender. */
    setting: jsonb("setting").$type<Record<string, unknown>>().notNull(),
    favourite: boolean("favourite").notNull().default(false),
    shareToken: text("share_token"),
    sharedAt: moment("shared_at"),
    createdAt: moment("created_at").notNull(),
    deletedAt: moment("deleted_at"),
  },
  (t) => [
    index("pictures_account_created").on(t.accountId, t.createdAt.desc(), t.id.desc()).where(sql`${t.deletedAt} is null`),
    index("pictures_scene").on(t.accountId, t.scene).where(sql`${t.deletedAt} is null`),
    index("pictures_file").on(t.accountId, t.sha256).where(sql`${t.deletedAt} is null`),
    index("pictures_job").on(t.jobId),
    uniqueIndex("pictures_share_token").on(t.shareToken).where(sql`${t.shareToken} is not null`),
  ],
);

/** Which of two pictures of one scene somebody preferred, without knowing how they were made. `a` is the smaller id. */
export const arenaVotes = pgTable(
  "arena_votes",
  {
    accountId: text("account_id").$type<Id<"account">>().notNull().references(() => accounts.id),
    a: text("a").$type<Id<"picture">>().notNull(),
    b: text("b").$type<Id<"picture">>().notNull(),
    winner: text("winner").$type<"a" | "b" | "tie">().notNull(),
    /** Copies, so that a vote outlives its pictures. */
    settingA: jsonb("setting_a").$type<Record<string, unknown>>().notNull(),
    settingB: jsonb("setting_b").$type<Record<string, unknown>>().notNull(),
    at: moment("at").notNull().defaultNow(),
  },
  (t) => [uniqueIndex("arena_votes_pair").on(t.accountId, t.a, t.b)],
);
