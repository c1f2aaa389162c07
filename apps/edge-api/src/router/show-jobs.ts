import { presentJob, type Job, type JobRow, type PlaceInQueue } from "@deadiff/schemas";
import type { Context } from "../context.ts";
import { outputSigner } from "../sign.ts";

/** The places of jobs, looked up where one of them waits. */
export const placesFor = async (ctx: Context, jobs: readonly Pick<JobRow, "state">[]): Promise<PlaceInQueue | undefined> =>
  jobs.some(({ state }) => state === "queued") ? ctx.services.queuePlaces(ctx.db) : undefined;

/** Jobs as they are now, with signed addresses and, for those that wait, their place in the queue. */
export const showJobs = async (ctx: Context, jobs: readonly JobRow[]): Promise<Job[]> => {
  const sign = outputSigner(ctx.services.store);
  const place = await placesFor(ctx, jobs);
  return Promise.all(jobs.map((job) => presentJob(job, sign, place)));
};
