// The entry for workerd (Cloudflare Workers).
import { connect } from "@deadiff/schemas";
import { z } from "zod";
import { accessOf, admissionOf, cloudOf, LOCK_TIMEOUT_MS, logTo, tracingOf } from "./adapters.ts";
import { createApp } from "./app.ts";
import { envSchema } from "./env.ts";
import { ringAlone } from "./ports/bells.ts";
import { watchAlone } from "./ports/changes.ts";
import { rememberedPlaces } from "./ports/queue-places.ts";
import type { Services } from "./ports/services.ts";

/** Hyperdrive pools connections near the database; without it the database is reached directly. */
const bindingsSchema = z.looseObject({ DATABASE_URL: z.string().optional(), HYPERDRIVE: z.looseObject({ connectionString: z.string() }).optional() });

const log = logTo((line) => console.log(line));

const settingsOf = (bindings: unknown) => {
  const { HYPERDRIVE, DATABASE_URL, ...rest } = bindingsSchema.parse(bindings);
  const env = envSchema.parse({ ...rest, DATABASE_URL: HYPERDRIVE?.connectionString ?? DATABASE_URL });
  return { env, shared: { ...cloudOf(env), ...accessOf(env), admission: admissionOf(env), queuePlaces: rememberedPlaces(), tracing: tracingOf(env, log) } };
};

let settings: ReturnType<typeof settingsOf> | undefined;

const app = createApp({
  services: (c): Services => {
    // Bindings are the same for every request of an isolate.
    const { env, shared } = (settings ??= settingsOf(c.env));
    // Connections belong to a request here: the runtime forbids sharing them.
    const open = () => connect(env.DATABASE_URL, { max: 1, lockTimeoutMs: LOCK_TIMEOUT_MS, name: "edge", idleTimeoutS: 2 });
    const { queue, ...services } = shared;
    const ring = ringAlone({ queue, connect: open, log, tracing: shared.tracing });
    return { ...services, ring, connect: open, watchChanges: watchAlone(open), log, after: (work) => c.executionCtx.waitUntil(work) };
  },
  ip: (c) => c.req.header("cf-connecting-ip"),
});

export default app;
