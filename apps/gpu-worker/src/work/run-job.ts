import { ROOT_CONTEXT, type Context } from "@opentelemetry/api";
import { createHash } from "node:crypto";
import { acknowledgeCancel, expireHeldJob, failJob, isDatabaseError, JobError, keepStyleCode, LEASE, releaseJob, succeedJob, type Db, type Hold, type JobResult, type JobRow } from "@deadiff/schemas";
import type { AtPoint } from "../crash-points.ts";
import type { Generate, Generated, Progress, Timed } from "../generate.ts";
import type { Log } from "../log.ts";
import { loadReferences, type ReferenceSources } from "../references/load.ts";
import type { Store } from "../store.ts";
import { inSpan, recordTimed } from "../tracing.ts";
import { startHeart, Stop, type StopReason } from "./beat.ts";
import { actOut, readFault } from "./fault-prompt.ts";

/** What working on a job needs of the world. */
export interface Workshop extends ReferenceSources {
  readonly db: Db;
  readonly store: Store;
  readonly generate: Generate;
  readonly log: Log;
  readonly at: AtPoint;
  readonly leaseSeconds?: number;
}

/** How work on a job ended, for logs and metrics. `lost`: another worker owns the job, nothing was written. */
export type Ending = "succeeded" | "failed" | "retried" | "canceled" | "expired" | "released" | "lost";

const PREVIEW_EVERY_MS = 1000;

const sizeOf = (png: Uint8Array): { width: number; height: number } => {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  if (png.byteLength < 24 || view.getUint32(0) !== 0x89504e47) throw new Error("the generator returned something that is not a PNG");
  return { width: view.getUint32(16), height: view.getUint32(20) };
};

const upload = async (store: Store, hold: Hold, generated: Generated, signal: AbortSignal): Promise<JobResult> => {
  const images = [];
  for (const png of generated.images) {
    const sha256 = createHash("sha256").update(png).digest("hex");
    // The fence in the key keeps the attempts of a job apart: a worker that lost it overwrites nothing.
    const key = `out/${hold.id}/${hold.fence}/${sha256}.png`;
    await store.write(key, png, "image/png", signal);
    images.push({ key, sha256, bytes: png.byteLength, ...sizeOf(png), content_type: "image/png" });
  }
  const { seed, parameters, timings, model } = generated;
  return { images, seed, parameters, timings, model };
};

/** Codes are never changed and always the same, so one that a lost attempt kept does no harm. */
const keepCode = async (db: Db, job: JobRow, { encoder, file }: NonNullable<Generated["code"]>): Promise<void> => {
  const style = job.request?.style;
  if (style == null) throw new Error(`job ${job.id} computes the code of no style`);
  const sha256 = createHash("sha256").update(file).digest("hex");
  await keepStyleCode(db, job.account_id, { style: style.id, version: style.version }, { encoder, sha256, bytes: file.byteLength, data: Buffer.from(file).toString("base64") });
};

// A database that hung up says nothing about the job. If the statement was carried out all the same, this attempt is over and the
// failure finds no row.
const failureOf = (error: unknown): JobError => new JobError(isDatabaseError(error) ? "worker_lost" : "internal", undefined, { cause: error });

const stopped = async (db: Db, hold: Hold, reason: StopReason): Promise<Ending> => {
  switch (reason) {
    case "cancel":
      return (await acknowledgeCancel(db, hold)) === undefined ? "lost" : "canceled";
    case "deadline":
      return (await expireHeldJob(db, hold)) === undefined ? "lost" : "expired";
    case "drain":
      // A cancel may have come in between: then that is how it ends.
      return (await releaseJob(db, hold)) !== undefined ? "released" : (await acknowledgeCancel(db, hold)) === undefined ? "lost" : "canceled";
    case "lost":
      return "lost";
  }
};

/**
 * Works on a claimed job until it is written down how that ended: references in, pictures out, every write with the fence.
 * `drain` fires when this worker is to give its jobs back.
 */
export const runJob = async (shop: Workshop, job: JobRow, drain: AbortSignal, parent: Context = ROOT_CONTEXT): Promise<Ending> => {
  const { db, store, log, at } = shop;
  const hold: Hold = { id: job.id, fence: job.fence };
  const heart = startHeart(db, hold, log, shop.leaseSeconds ?? LEASE.seconds);
  const { signal } = heart;
  const onDrain = () => heart.stop("drain");
  drain.addEventListener("abort", onDrain);
  if (drain.aborted) onDrain();
  let previewing = false;
  let previewedAt = 0;
  const onProgress = ({ preview, ...progress }: Progress): void => {
    heart.note(progress);
    if (preview === undefined || previewing || performance.now() - previewedAt < PREVIEW_EVERY_MS) return;
    previewing = true;
    previewedAt = performance.now();
    const key = `out/${hold.id}/${hold.fence}/preview-${progress.step ?? 0}.png`;
    store
      .write(key, preview, "image/png", signal)
      .then(() => heart.note({ ...progress, preview: key }))
      // A preview that did not arrive is no reason to fail.
      .catch(() => undefined)
      .finally(() => (previewing = false));
  };
  try {
    at("claimed");
    const { request } = job;
    if (request === undefined) throw new Error(`job ${job.id} has no request`);
    const fault = job.mode === "test" ? readFault(request.prompt) : undefined;
    if (fault !== undefined) await actOut(fault, signal, onProgress);
    heart.note({ phase: "preparing" });
    const references = await inSpan("load references", { parent, attributes: { "deadiff.references": request.references.length } }, () => loadReferences(shop, request, signal));
    at("decoded");
    const generated = await inSpan("generate", { parent }, async (span, context) => {
      const onTimeline = (timeline: readonly Timed[]) => recordTimed(timeline, context, { "deadiff.process": "inference" });
      const made = await shop.generate({ ...request, kind: job.kind, references }, { signal, onProgress, onTimeline, finishByMs: Date.parse(job.finish_by) });
      span.setAttributes({ "deadiff.model": made.model, ...Object.fromEntries(Object.entries(made.timings).map(([stage, ms]) => [`deadiff.${stage}`, ms])) });
      return made;
    });
    at("generated");
    heart.note({ phase: "uploading" });
    const result = await inSpan("upload", { parent }, () => upload(store, hold, generated, signal));
    if (generated.code !== undefined) await keepCode(db, job, generated.code);
    at("uploaded");
    if ((await succeedJob(db, hold, result)) !== undefined) {
      at("committed");
      return "succeeded";
    }
    // The hold is lost, a cancel came first, or it is too late: the first that applies.
    for (const reason of ["cancel", "deadline"] as const) {
      const ending = await stopped(db, hold, reason);
      if (ending !== "lost") return ending;
    }
    return "lost";
  } catch (error) {
    if (signal.aborted && signal.reason instanceof Stop) return await stopped(db, hold, signal.reason.reason);
    if (!(error instanceof JobError)) log("error", "job_error", { job_id: job.id, request_id: job.request_id, error });
    const failure = error instanceof JobError ? error : failureOf(error);
    const after = await failJob(db, hold, failure);
    log("warn", "attempt_failed", { job_id: job.id, fence: hold.fence, code: failure.code, cause: failure.cause, state: after?.state });
    if (after === undefined) return await stopped(db, hold, "cancel");
    return after.state === "queued" ? "retried" : "failed";
  } finally {
    heart.end();
    drain.removeEventListener("abort", onDrain);
  }
};
