import {
  ApiError,
  createJobs,
  LIMITS,
  newId,
  priceOf,
  requireMembers,
  resolveReferences,
  sha256Hex,
  type Caller,
  type Created,
  type CreateJob,
  type CreateMatrix,
  type Db,
  type Id,
  type JobInput,
  type JobKind,
  type Style,
  type NewJobs,
  type StoredRequest,
} from "@deadiff/schemas";
import type { Context } from "../context.ts";
import { tellQuota } from "../trpc.ts";

/** How long the relay leaves a new job to us. Past it, the relay rings: also when this isolate died right after the commit. */
const BELL_DELAY_S = 3;

const drawSeed = (): number => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;

/** The saved style a job is filed under: that of its only reference, if that is one. */
const styleOf = (references: StoredRequest["references"]): StoredRequest["style"] => {
  const [only] = references;
  const [style] = only !== undefined && "members" in only && only.styles.length === 1 ? only.styles : [];
  return references.length === 1 && style !== undefined ? { id: style.id, version: style.version } : null;
};

/** The request as the job keeps it: its styles resolved, its seed drawn. */
export const storeRequest = async (db: Db, accountId: Id<"account">, { references, style, seed, ...input }: JobInput): Promise<StoredRequest> => {
  const [resolved = []] = await resolveReferences(db, accountId, [style === undefined ? (references ?? []) : [{ style, weight: 1 }]]);
  return { ...input, references: resolved, style: styleOf(resolved), seed: seed ?? drawSeed() };
};

/** The cells of a matrix: references, then prompts, then strengths, the last varying fastest; one seed for all, so that only the axes differ. */
const cellsOf = async (db: Db, accountId: Id<"account">, matrix: CreateMatrix): Promise<StoredRequest[]> => {
  const { references, prompts, strengths, seed, negative_prompt, width, height, steps, sampler, spacing, guidance, prompt_guidance, gains } = matrix;
  const sets = await resolveReferences(db, accountId, references);
  const common = { negative_prompt, width, height, steps, sampler, spacing, guidance, prompt_guidance, gains, count: 1, seed: seed ?? drawSeed() };
  return sets.flatMap((set) => prompts.flatMap((prompt) => strengths.map((strength) => ({ ...common, references: set, style: styleOf(set), prompt, strength }))));
};

type Delivery = Pick<CreateJob, "metadata" | "webhook" | "start_within_s" | "finish_within_s" | "retention_s">;

/** What a create comes down to, whatever it was asked through. */
interface Create {
  readonly ctx: Context;
  readonly caller: Caller;
  readonly idempotencyKey: string | undefined;
  /** The parsed request: two creates are the same when this is. */
  readonly body: unknown;
  readonly delivery: Delivery;
  readonly requests: readonly StoredRequest[];
  readonly matrix: { readonly request: CreateMatrix } | null;
  readonly retryOf: Id<"job"> | null;
  readonly kind: JobKind;
}

const create = async (order: Create): Promise<Created> => {
  const { ctx, caller, delivery } = order;
  if (delivery.start_within_s > delivery.finish_within_s) {
    throw new ApiError("invalid_input", "start_within_s may not be longer than finish_within_s.", { issues: [{ path: "start_within_s", message: "longer than finish_within_s" }] });
  }
  const work: NewJobs = {
    accountId: caller.accountId,
    keyId: caller.keyId,
    kind: order.kind,
    mode: caller.mode,
    idempotency: order.idempotencyKey === undefined ? null : { key: order.idempotencyKey, requestHash: sha256Hex(JSON.stringify(order.body)) },
    jobs: order.requests.map((request) => ({ id: newId("job"), request, price: order.kind === "style_code" ? 0 : priceOf(request, caller.mode) })),
    matrix:
      order.matrix === null
        ? null
        : {
            id: newId("matrix"),
            axes: {
              references: order.matrix.request.references.length,
              prompts: order.matrix.request.prompts.length,
              strengths: order.matrix.request.strengths.length,
            },
            request: order.matrix.request,
          },
    retryOf: order.retryOf,
    metadata: delivery.metadata,
    webhook: delivery.webhook ?? null,
    startWithinS: delivery.start_within_s,
    finishWithinS: delivery.finish_within_s,
    // Who works at the web app expects to find what was made; programs fetch it.
    retentionS: delivery.retention_s === undefined ? (caller.keyId === null ? null : LIMITS.retentionDefaultS) : delivery.retention_s,
    requestId: ctx.requestId,
    traceparent: ctx.traceparent,
    bellDelayS: BELL_DELAY_S,
  };
  const created = await createJobs(ctx.db, work).catch((error: unknown) => {
    if (error instanceof ApiError && error.quota !== undefined) tellQuota(ctx, error.quota);
    throw error;
  });
  if (!created.replayed) ctx.services.after(ctx.services.ring(created.jobs.map(({ id }) => ({ jobId: id, traceparent: ctx.traceparent }))));
  return created;
};

/** Creates one job. */
export const createOne = async (ctx: Context, caller: Caller, idempotencyKey: string | undefined, body: CreateJob, retryOf: Id<"job"> | null = null): Promise<Created> =>
  create({ ctx, caller, idempotencyKey, body, delivery: body, requests: [await storeRequest(ctx.db, caller.accountId, body.input)], matrix: null, retryOf, kind: "picture" });

/** Creates every cell of a matrix, or none. */
export const createCells = async (ctx: Context, caller: Caller, idempotencyKey: string | undefined, body: CreateMatrix): Promise<Created> =>
  create({ ctx, caller, idempotencyKey, body, delivery: body, requests: await cellsOf(ctx.db, caller.accountId, body), matrix: { request: body }, retryOf: null, kind: "picture" });

/** Queues a past job's request once more, resolved as it was then: same style version, same seed. */
export const createAgain = async (ctx: Context, caller: Caller, idempotencyKey: string | undefined, past: { id: Id<"job">; kind: JobKind; request: StoredRequest }, delivery: Delivery): Promise<Created> => {
  await requireMembers(ctx.db, caller.accountId, past.request.references);
  return create({ ctx, caller, idempotencyKey, body: { retry_of: past.id }, delivery, requests: [past.request], matrix: null, retryOf: past.id, kind: past.kind });
};

const CODE_DELIVERY: Delivery = { metadata: {}, webhook: undefined, start_within_s: LIMITS.startWithinDefaultS, finish_within_s: LIMITS.finishWithinDefaultS, retention_s: LIMITS.retentionDefaultS };

/** Queues the computation of a style's code. It costs nothing. */
export const createCodeJob = async (ctx: Context, caller: Caller, style: Style): Promise<Created> => {
  const [references = []] = await resolveReferences(ctx.db, caller.accountId, [[{ style: style.id, weight: 1, mode: "both" }]]);
  const request: StoredRequest = { references, style: { id: style.id, version: style.version }, prompt: "", negative_prompt: "", strength: 1, count: 1, seed: 0 };
  return create({ ctx, caller, idempotencyKey: undefined, body: null, delivery: CODE_DELIVERY, requests: [request], matrix: null, retryOf: null, kind: "style_code" });
};
