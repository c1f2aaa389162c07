import type { Job, Problem } from "@deadiff/schemas/contracts";

/** The API refused a call: its problem document, whose `code` is stable. */
export class DeadiffApiError extends Error {
  override readonly name = "DeadiffApiError";
  readonly code: Problem["code"];
  readonly status: number;
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.code}: ${problem.detail} (request ${problem.request_id})`);
    this.code = problem.code;
    this.status = problem.status;
    this.problem = problem;
  }
}

/** The API could not be reached, or answered in words that are not its own. */
export class DeadiffConnectionError extends Error {
  override readonly name = "DeadiffConnectionError";
}

/** Waiting took longer than allowed. The job goes on: `jobId` finds it again. */
export class WaitTimeout extends Error {
  override readonly name = "WaitTimeout";
  readonly jobId: Job["id"];

  constructor(jobId: Job["id"], timeoutMs: number) {
    super(`job ${jobId} had not ended after ${timeoutMs} ms; it goes on, wait for it again or cancel it`);
    this.jobId = jobId;
  }
}

/** `run` ended without pictures. */
export class JobNotSucceeded extends Error {
  override readonly name = "JobNotSucceeded";
  readonly job: Job;

  constructor(job: Job) {
    super(`job ${job.id} ${job.state}${job.error === null ? "" : `: ${job.error.code}: ${job.error.message}`}`);
    this.job = job;
  }
}
