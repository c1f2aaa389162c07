import { getJob, isTerminal, jobVersionsAfter, presentJob, type Id, type Job, type JobRow } from "@deadiff/schemas";
import { tracked, type TrackedEnvelope } from "@trpc/server";
import type { Context } from "../context.ts";
import { outputSigner } from "../sign.ts";
import { placesFor } from "./show-jobs.ts";

/** The entity tag of a job: its version, and its step or its place in the queue, so that progress shows. */
export const etagOf = (job: Pick<JobRow, "version" | "step">, queue: Job["queue"]): string =>
  `"${job.version}${job.step === null ? "" : `.${job.step}`}${queue === null ? "" : `.q${queue.position}`}"`;

/** The version in an entity tag, if it is one of ours. */
const versionIn = (etag: string | undefined): number | undefined => {
  const version = /^(?:W\/)?"(\d{1,9})(?:\.q?\d{1,9})?"$/.exec(etag ?? "")?.[1];
  return version === undefined ? undefined : Number(version);
};

/** The job once its version differs from the one the caller knows, or after `waitS` as it is. */
export const awaitChange = async (ctx: Context, accountId: Id<"account">, id: Id<"job">, waitS: number, knownEtag: string | undefined): Promise<JobRow> => {
  const job = await getJob(ctx.db, accountId, id);
  const known = versionIn(knownEtag) ?? job.version;
  return waitS === 0 || job.version !== known || isTerminal(job.state) ? job : awaitUntil(ctx, job, waitS, (version) => version !== known);
};

/** The job once it ended, or after `waitS` as it is. */
export const awaitEnd = async (ctx: Context, job: JobRow, waitS: number): Promise<JobRow> => {
  if (waitS === 0 || isTerminal(job.state)) return job;
  const deadline = AbortSignal.timeout(waitS * 1000);
  let latest = job;
  while (!isTerminal(latest.state) && !deadline.aborted && !ctx.signal.aborted) {
    const { version } = latest;
    latest = await awaitUntil(ctx, latest, waitS, (seen) => seen !== version, deadline);
  }
  return latest;
};

const awaitUntil = async (ctx: Context, job: JobRow, waitS: number, enough: (version: number) => boolean, deadline = AbortSignal.timeout(waitS * 1000)): Promise<JobRow> => {
  const over = ctx.turn?.hold();
  try {
    for await (const { version } of ctx.services.watchChanges(job.id, AbortSignal.any([deadline, ctx.signal]))) {
      if (enough(version)) break;
    }
  } finally {
    over?.();
  }
  return getJob(ctx.db, job.account_id, job.id);
};

/** What a watcher hears: the job at each version (resumable), and in between how far it is (not resumable). */
export type JobNews =
  | { readonly kind: "job"; readonly job: Job }
  | { readonly kind: "progress"; readonly phase: string; readonly step: number | null; readonly total: number | null; readonly preview_url: string | null };

/**
 * Follows a job to its end. Starts with the job as it is; after a reconnect, with every version after `lastVersion`, none twice and
 * none missed. Ends after the terminal version.
 */
export async function* followJob(
  ctx: Context,
  accountId: Id<"account">,
  id: Id<"job">,
  lastVersion: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<TrackedEnvelope<JobNews> | JobNews, void> {
  const sign = outputSigner(ctx.services.store);
  const over = ctx.turn?.hold();
  const connection = ctx.services.connect();
  try {
    const now = await getJob(connection.db, accountId, id);
    let seen = lastVersion ?? 0;
    if (lastVersion === undefined) {
      seen = now.version;
      yield tracked(String(seen), { kind: "job", job: await presentJob(now, sign, await placesFor(ctx, [now])) });
    }
    // Ended, and the reader has heard of it: nothing is left to say.
    if (isTerminal(now.state) && seen >= now.version) return;
    for await (const glimpse of ctx.services.watchChanges(id, signal)) {
      if (glimpse.version > seen) {
        for (const { job } of await jobVersionsAfter(connection.db, id, seen)) {
          seen = job.version;
          yield tracked(String(seen), { kind: "job", job: await presentJob(job, sign) });
          if (isTerminal(job.state)) return;
        }
      } else if (glimpse.step !== null) {
        yield { kind: "progress", phase: glimpse.phase, step: glimpse.step, total: glimpse.steps, preview_url: glimpse.preview === null ? null : (await sign(glimpse.preview)).url };
      }
    }
  } finally {
    over?.();
    await connection.close();
  }
}
