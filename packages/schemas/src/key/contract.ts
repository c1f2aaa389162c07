import { z } from "zod";
import { idSchema } from "../ids.ts";
import { LIMITS } from "../limits.ts";
import { plainText } from "../text.ts";

/** What a key may be allowed to do. */
export const SCOPES = ["jobs:read", "jobs:write", "uploads:write", "styles:write", "webhooks:write", "billing:read", "keys:admin"] as const;

/** One of {@link SCOPES}. */
export type Scope = (typeof SCOPES)[number];

const moment = z.iso.datetime({ offset: true });

/** An API key as its owner sees it afterwards: never the secret. */
export const keySchema = z
  .object({
    id: idSchema("key"),
    object: z.literal("key"),
    name: z.string(),
    mode: z.enum(["live", "test"]),
    last4: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    ip_allow: z.array(z.string()),
    created_at: moment,
    expires_at: moment.nullable(),
    revoked_at: moment.nullable(),
    last_used_at: moment.nullable().meta({ description: "To the minute." }),
  })
  .meta({ id: "Key" });

/** See {@link keySchema}. */
export type Key = z.infer<typeof keySchema>;

/** What is chosen when a key is made. */
export const keyInputSchema = z.strictObject({
  name: plainText(100).min(1),
  mode: z.enum(["live", "test"]).default("live"),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length).default(["jobs:read", "jobs:write", "uploads:write", "styles:write"]),
  ip_allow: z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).max(20).default([]),
  expires_at: moment.optional(),
});

/** See {@link keyInputSchema}. */
export type KeyInput = z.output<typeof keyInputSchema>;

/** A key just made or rolled: the only answer that holds the secret. */
export const newKeySchema = keySchema.extend({ secret: z.string().meta({ description: "Shown once. Keep it where passwords are kept." }) });

/** Roll: a new secret; the old one goes on for `overlap_s`. */
export const rollInputSchema = z.strictObject({ id: idSchema("key"), overlap_s: z.int().min(0).max(7 * 24 * 3600).default(3600) });

/** At most this many keys that still work. */
export const KEYS_MAX = LIMITS.keysPerAccount;
