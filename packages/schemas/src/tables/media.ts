import { index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { sql } from "drizzle-orm";
import type { Id } from "../ids.ts";
import type { ModelAbout } from "../model/contract.ts";
import type { StyleReference } from "../style/contract.ts";
import type { ImageType, UploadState } from "../upload/contract.ts";
import { accounts } from "./accounts.ts";
import { moment } from "./columns.ts";

/** A picture the account sent: first a promise of its size, type and hash, then `ready` once the object store held exactly that. */
export const uploads = pgTable(
  "uploads",
  {
    id: text("id").$type<Id<"upload">>().primaryKey(),
    accountId: text("account_id").$type<Id<"account">>().notNull().references(() => accounts.id),
    state: text("state").$type<UploadState>().notNull(),
    contentType: text("content_type").$type<ImageType>().notNull(),
    bytes: integer("bytes").notNull(),
    sha256: text("sha256").notNull(),
    objectKey: text("object_key").notNull(),
    width: integer("width"),
    height: integer("height"),
    reason: text("reason"),
    createdAt: moment("created_at").notNull().defaultNow(),
    readyAt: moment("ready_at"),
    deletedAt: moment("deleted_at"),
  },
  (t) => [index("uploads_account_created").on(t.accountId, t.createdAt.desc(), t.id.desc())],
);

/** A named set of references. A change makes a new version; jobs copy what they used. `account_id` null: offered to everyone. */
export const styles = pgTable(
  "styles",
  {
    id: text("id").$type<Id<"style">>().primaryKey(),
    accountId: text("account_id").$type<Id<"account">>().references(() => accounts.id),
    name: text("name").notNull(),
    description: text("description").notNull().default(""),
    tags: jsonb("tags").$type<string[]>().notNull().default([]),
    references: jsonb("references").$type<StyleReference[]>().notNull(),
    version: integer("version").notNull().default(1),
    createdAt: moment("created_at").notNull().defaultNow(),
    updatedAt: moment("updated_at").notNull().defaultNow(),
    deletedAt: moment("deleted_at"),
  },
  (t) => [
    index("styles_account_created").on(t.accountId, t.createdAt.desc(), t.id.desc()),
    uniqueIndex("styles_account_name").on(t.accountId, t.name).where(sql`${t.deletedAt} is null`),
  ],
);

/** The tokens of a style, made by one encoder. Never changed: the same style, version and encoder give the same code. `style_id` null: imported. */
export const styleCodes = pgTable(
  "style_codes",
  {
    id: text("id").$type<Id<"code">>().primaryKey(),
    /** Null: of a style offered to everyone. */
    accountId: text("account_id").$type<Id<"account">>().references(() => accounts.id),
    styleId: text("style_id").$type<Id<"style">>(),
    styleVersion: integer("style_version"),
    encoder: text("encoder").notNull(),
    sha256: text("sha256").notNull(),
    bytes: integer("bytes").notNull(),
    /** The file in base64. */
    data: text("data").notNull(),
    createdAt: moment("created_at").notNull().defaultNow(),
  },
  (t) => [
    uniqueIndex("style_codes_of_style").on(t.styleId, t.styleVersion, t.encoder).where(sql`${t.styleId} is not null`),
    index("style_codes_account").on(t.accountId),
  ],
);

/** The models that workers serve, as the workers describe them. */
export const models = pgTable(
  "models",
  {
    name: text("name").notNull(),
    version: text("version").notNull(),
    encoder: text("encoder").notNull(),
    about: jsonb("about").$type<ModelAbout>().notNull(),
    firstSeenAt: moment("first_seen_at").notNull().defaultNow(),
    seenAt: moment("seen_at").notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.name, t.version] })],
);
