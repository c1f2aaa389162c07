import { announceModel, claimJob, connect, createAccount, createKey, SCOPES, succeedJob, type Connection, type Db, type Id, type Job, type JobResult, type ModelAbout, type Scope } from "@deadiff/schemas";
import { scratchDatabase } from "@deadiff/schemas/local";
import { afterAll, beforeAll, inject } from "vitest";
import { createAdmission } from "../src/admission.ts";
import { createApp } from "../src/app.ts";
import { ringAlone } from "../src/ports/bells.ts";
import { watchTogether } from "../src/ports/changes.ts";
import { sqsJobQueue } from "../src/ports/job-queue.ts";
import { s3ObjectStore } from "../src/ports/object-store.ts";
import { rememberedPlaces } from "../src/ports/queue-places.ts";
import type { Services } from "../src/ports/services.ts";

export interface World {
  readonly db: Db;
  readonly services: Services;
  readonly lines: { event: string; fields: Record<string, unknown> }[];
  /** Sends a request to the app, in this process. */
  readonly call: (method: string, path: string, options?: { key?: string; body?: unknown; headers?: Record<string, string>; signal?: AbortSignal; ip?: string }) => Promise<Response>;
  /** Work left to do after answers. */
  readonly settled: () => Promise<void>;
}

/** The app on a database of the test file's own, with the run's real queue and object store. */
export const useWorld = (): World => {
  let connection: Connection | undefined;
  let world: World | undefined;
  beforeAll(async () => {
    const opened = connect(await scratchDatabase(inject("postgresUrl")), { max: 10, lockTimeoutMs: 2000 });
    connection = opened;
    await announceModel(opened.db, MODEL);
    const cloud = inject("cloud");
    const pending: Promise<unknown>[] = [];
    const lines: World["lines"] = [];
    const shared = () => ({ db: opened.db, close: () => Promise.resolve() });
    const log: Services["log"] = (_level, event, fields) => lines.push({ event, fields });
    const services: Services = {
      connect: shared,
      store: s3ObjectStore(cloud),
      ring: ringAlone({ queue: sqsJobQueue(cloud), connect: shared, log }),
      watchChanges: watchTogether(opened.db, 50),
      admission: createAdmission({ active: 500, queued: 0, held: 500 }),
      queuePlaces: rememberedPlaces(0),
      log,
      after: (work) => pending.push(work),
      auth: null,
      localAccount: null,
    };
    const app = createApp({ services: () => services, ip: (c) => c.req.header("x-test-ip") });
    world = {
      db: opened.db,
      services,
      lines,
      call: async (method, path, { key, body, headers, signal, ip } = {}) =>
        app.request(path, {
          method,
          headers: {
            ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
            ...(body === undefined ? {} : { "content-type": "application/json" }),
            ...(ip === undefined ? {} : { "x-test-ip": ip }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
          ...(signal === undefined ? {} : { signal }),
        }),
      settled: async () => {
        await Promise.all(pending.splice(0));
      },
    };
  });
  afterAll(async () => {
    await world?.settled();
    await connection?.close();
  });
  return new Proxy({} as World, { get: (_, name) => Reflect.get(world ?? {}, name) as unknown });
};

const SAMPLING = { sampler: "euler", spacing: "normal", steps: 20, guidance: 4, prompt_guidance: 0 } as const;

/** A model as a worker announces it. */
export const MODEL: ModelAbout = {
  name: "tiny",
  version: "1",
  encoder: "a".repeat(64),
  parameters: 1000,
  licence: "Apache-2.0",
  modes: ["style", "content", "both"],
  sizes: { default: 16, min: 16, max: 64, multiple_of: 8 },
  encoder_side: 8,
  layers: ["style", "content"],
  samplers: ["euler", "ddim"],
  spacings: ["normal"],
  defaults: SAMPLING,
  presets: [{ name: "balanced", title: "Balanced", description: "", settings: SAMPLING }],
  gain_presets: [{ name: "default", title: "Even", description: "", gains: [1, 1] }],
  vocabulary: { words: ["a", "dog"], subjects: ["a dog"], context_length: 8 },
};

export interface Tenant {
  readonly accountId: Id<"account">;
  readonly key: string;
}

/** An account with credits and a key that may do everything (or only `scopes`). */
export const tenant = async (db: Db, { credits = 100, scopes = [...SCOPES], mode = "live" }: { credits?: number; scopes?: Scope[]; mode?: "live" | "test" } = {}): Promise<Tenant> => {
  const accountId = await createAccount(db, { name: "tenant", credits });
  const { secret } = await createKey(db, accountId, { name: "k", mode, scopes, ip_allow: [] });
  return { accountId, key: secret };
};

export const INPUT = { references: [{ url: "https://example.com/style.png" }], prompt: "a dog" };

/** Queues a job over REST. */
export const newJob = async (world: World, key: string, body: Record<string, unknown> = { input: INPUT }): Promise<Job> => {
  const response = await world.call("POST", "/v1/jobs", { key, body });
  if (response.status !== 202) throw new Error(`create answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Job;
};

/** Ends a queued job as a worker would: `count` pictures in the store, made with `parameters`. */
export const finish = async (world: World, id: Id<"job">, count = 1, parameters: Record<string, unknown> = {}): Promise<void> => {
  const claim = await claimJob(world.db, id, "worker");
  if (!claim.won) throw new Error(`job ${id} could not be claimed`);
  const { fence } = claim.job;
  const images = await Promise.all(
    Array.from({ length: count }, async (_, i): Promise<JobResult["images"][number]> => {
      const key = `out/${id}/${fence}/${String(i).padStart(64, "0")}.png`;
      const headers = { "content-type": "image/png", "if-none-match": "*" };
      const { url } = await world.services.store.signPut(key, headers, 60);
      const put = await fetch(url, { method: "PUT", headers, body: `picture ${i}` });
      if (!put.ok) throw new Error(`the store answered ${put.status}: ${await put.text()}`);
      return { key, sha256: String(i).padStart(64, "0"), bytes: 9, width: 16, height: 16, content_type: "image/png" };
    }),
  );
  const result: JobResult = { images, seed: claim.job.request?.seed ?? 0, parameters, timings: { total_ms: 5 }, model: "tiny@1" };
  if ((await succeedJob(world.db, { id, fence }, result)) === undefined) throw new Error(`job ${id} could not be ended`);
};
