import {
  ApiError,
  cancelJob,
  cancelJobs,
  createJobSchema,
  deleteJob,
  getJob,
  idSchema,
  isTerminal,
  JOB_KINDS,
  JOB_STATES,
  jobInputSchema,
  jobSchema,
  LIMITS,
  listJobs,
  pageInputSchema,
  pageOf,
  plainText,
  priceOf,
  requireMembers,
  type Job,
  type JobRow,
} from "@deadiff/schemas";
import { z } from "zod";
import type { Context } from "../context.ts";
import { authed, router } from "../trpc.ts";
import { createAgain, createOne, storeRequest } from "./create-jobs.ts";
import { awaitChange, awaitEnd, etagOf, followJob } from "./follow.ts";
import { showJobs } from "./show-jobs.ts";

/** What marks a create as the same logical call when it is sent again. */
export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, "1 to 128 printable ASCII characters without spaces")
  .optional()
  .meta({ description: "One per logical call; sent again, it finds the job of the first. REST: the `Idempotency-Key` header." });

const waitS = z.int().min(0).max(LIMITS.longPollS).default(0).meta({ description: "Seconds to hold the answer back. REST: `Prefer: wait=N`." });
const oneJob = z.object({ id: idSchema("job") });

/** The job as this caller sees it, with the header fields that go with it. */
const show = async (ctx: Context, job: JobRow): Promise<Job> => {
  const [shown] = await showJobs(ctx, [job]);
  if (shown === undefined) throw new Error(`job ${job.id} was not presented`);
  ctx.reply.headers["etag"] = etagOf(job, shown.queue);
  if (!isTerminal(job.state)) ctx.reply.headers["retry-after"] = job.state === "queued" ? "2" : "1";
  return shown;
};

const accepted = async (ctx: Context, job: JobRow, replayed: boolean): Promise<Job> => {
  const shown = await show(ctx, job);
  ctx.reply.status = shown.is_terminal ? 201 : 202;
  ctx.reply.headers["location"] = shown.urls.self;
  if (replayed) ctx.reply.headers["idempotency-replayed"] = "true";
  return shown;
};

const onlyJob = (jobs: readonly JobRow[]): JobRow => {
  const [job] = jobs;
  if (job === undefined || jobs.length > 1) throw new ApiError("idempotency_mismatch", "This idempotency key was used for a matrix.");
  return job;
};

export const jobsRouter = router({
  create: authed("jobs:write", "create")
    .meta({
      rest: { method: "POST", path: "/jobs", summary: "Queue a job", headers: ["idempotency_key", "wait_s"], status: 202 },
      scope: "jobs:write",
    })
    .input(z.strictObject({ ...createJobSchema.shape, idempotency_key: idempotencyKey, wait_s: waitS }))
    .output(jobSchema)
    .mutation(async ({ ctx, input: { idempotency_key, wait_s, ...body } }) => {
      const { jobs, replayed } = await createOne(ctx, ctx.caller, idempotency_key, body);
      return accepted(ctx, await awaitEnd(ctx, onlyJob(jobs), wait_s), replayed);
    }),

  estimate: authed("jobs:read", "read")
    .meta({ rest: { method: "POST", path: "/jobs/estimate", summary: "What a job would cost", status: 200 }, scope: "jobs:read" })
    .input(z.strictObject({ input: jobInputSchema }))
    .output(z.object({ object: z.literal("estimate"), credits: z.int() }))
    .query(async ({ ctx, input }) => {
      const request = await storeRequest(ctx.db, ctx.caller.accountId, input.input);
      await requireMembers(ctx.db, ctx.caller.accountId, request.references);
      return { object: "estimate", credits: priceOf(request, ctx.caller.mode) };
    }),

  get: authed("jobs:read", "read")
    .meta({ rest: { method: "GET", path: "/jobs/{id}", summary: "Read a job, or wait for news of it", headers: ["wait_s", "known_etag"] }, scope: "jobs:read" })
    .input(z.strictObject({ id: idSchema("job"), wait_s: waitS, known_etag: z.string().max(64).optional() }))
    .output(jobSchema)
    .query(async ({ ctx, input }) => show(ctx, await awaitChange(ctx, ctx.caller.accountId, input.id, input.wait_s, input.known_etag))),

  list: authed("jobs:read", "read")
    .meta({ rest: { method: "GET", path: "/jobs", summary: "List jobs, newest first" }, scope: "jobs:read" })
    .input(
      z.strictObject({
        ...pageInputSchema.shape,
        state: z.enum(JOB_STATES).optional(),
        kind: z.enum(JOB_KINDS).default("picture"),
        style: idSchema("style").optional(),
        matrix: idSchema("matrix").optional(),
        search: plainText(200).optional().meta({ description: "Words that the prompt holds." }),
        idempotency_key: idempotencyKey,
      }),
    )
    .output(pageOf(jobSchema))
    .query(async ({ ctx, input: { idempotency_key, ...filter } }) => {
      const page = await listJobs(ctx.db, ctx.caller.accountId, { ...filter, idempotencyKey: idempotency_key });
      return { ...page, data: await showJobs(ctx, page.data) };
    }),

  watch: authed("jobs:read", "read")
    .input(z.strictObject({ id: idSchema("job"), lastEventId: z.string().regex(/^\d{1,9}$/).nullish() }))
    .subscription(async function* ({ ctx, input, signal }) {
      const last = input.lastEventId == null ? undefined : Number(input.lastEventId);
      yield* followJob(ctx, ctx.caller.accountId, input.id, last, signal ?? ctx.signal);
    }),

  cancel: authed("jobs:write", "write")
    .meta({ rest: { method: "POST", path: "/jobs/{id}/cancel", summary: "Cancel a job; one that ended stays as it is", status: 200 }, scope: "jobs:write" })
    .input(z.strictObject(oneJob.shape))
    .output(jobSchema)
    .mutation(async ({ ctx, input }) => show(ctx, await cancelJob(ctx.db, ctx.caller.accountId, input.id))),

  cancelMany: authed("jobs:write", "write")
    .meta({ rest: { method: "POST", path: "/jobs/cancel", summary: "Cancel up to 1,000 open jobs", status: 200 }, scope: "jobs:write" })
    .input(z.strictObject({ ids: z.union([z.literal("all"), z.array(idSchema("job")).min(1).max(1000)]) }))
    .output(z.object({ object: z.literal("count"), count: z.int() }))
    .mutation(async ({ ctx, input }) => ({ object: "count", count: await cancelJobs(ctx.db, ctx.caller.accountId, input.ids) })),

  retry: authed("jobs:write", "create")
    .meta({ rest: { method: "POST", path: "/jobs/{id}/retry", summary: "Queue an ended job's request again, as a new job", headers: ["idempotency_key"], status: 202 }, scope: "jobs:write" })
    .input(z.strictObject({ ...oneJob.shape, idempotency_key: idempotencyKey }))
    .output(jobSchema)
    .mutation(async ({ ctx, input }) => {
      const past = await getJob(ctx.db, ctx.caller.accountId, input.id);
      if (!isTerminal(past.state) || past.request === undefined) throw new ApiError("conflict", `Job ${past.id} is still ${past.state}.`);
      const delivery = {
        metadata: past.metadata,
        webhook: undefined,
        start_within_s: LIMITS.startWithinDefaultS,
        finish_within_s: LIMITS.finishWithinDefaultS,
        retention_s: past.retention_s,
      };
      const { jobs, replayed } = await createAgain(ctx, ctx.caller, input.idempotency_key, { id: past.id, kind: past.kind, request: past.request }, delivery);
      return accepted(ctx, onlyJob(jobs), replayed);
    }),

  delete: authed("jobs:write", "write")
    .meta({ rest: { method: "DELETE", path: "/jobs/{id}", summary: "Delete an ended job and its pictures", status: 200 }, scope: "jobs:write" })
    .input(z.strictObject(oneJob.shape))
    .output(z.object({ id: idSchema("job"), object: z.literal("job"), deleted: z.literal(true) }))
    .mutation(async ({ ctx, input }) => {
      await deleteJob(ctx.db, ctx.caller.accountId, input.id);
      return { id: input.id, object: "job", deleted: true };
    }),
});

