import type { ApiErrorCode, JobErrorCode } from "@deadiff/schemas/contracts";
import { problemOf } from "./client";

/** An error in words: what happened, what to do, and how to find it in the logs. */
export interface Explained {
  readonly title: string;
  readonly advice: string;
  readonly requestId?: string;
  readonly offline: boolean;
  /** Whether signing in would help. */
  readonly signIn?: boolean;
  /** Whether it stays as it is, however often one asks. */
  readonly final?: boolean;
}

const ADVICE: Readonly<Record<ApiErrorCode, string>> = {
  bad_request: "Reload the page: it may be older than the service.",
  unauthenticated: "Sign in to go on.",
  insufficient_credit: "Make fewer pictures at once, or add credits.",
  forbidden: "Ask the account's owner for access.",
  not_found: "It may have been deleted. Go back and choose another.",
  method_not_allowed: "Reload the page: it may be older than the service.",
  idempotency_in_flight: "Wait a moment: the first request is still being worked on.",
  conflict: "Reload to see how it stands now.",
  gone: "It was deleted and cannot be brought back.",
  too_large: "Use a smaller file or fewer references.",
  unsupported_media: "Use a JPEG, PNG or WebP picture.",
  invalid_input: "Change the value and try again.",
  idempotency_mismatch: "Press Generate again.",
  rate_limited: "Wait a few seconds, then try again.",
  queue_full: "Wait until some of your pictures are done, or cancel a few.",
  internal: "Try again. If it happens again, quote the number below.",
  mail_unavailable: "Ask whoever runs this installation for a new password.",
  overloaded: "It usually answers again within a minute. Nothing was lost.",
};

const FINAL: ReadonlySet<ApiErrorCode> = new Set(["not_found", "gone", "forbidden"]);

const JOB_ADVICE: Readonly<Record<JobErrorCode, string>> = {
  worker_lost: "Generate again: the credits were returned.",
  gpu_oom: "Make fewer or smaller pictures at once.",
  store_unavailable: "Generate again in a minute.",
  model_load_failed: "Generate again in a minute.",
  timeout_attempt: "Use fewer steps or pictures, then generate again.",
  invalid_image: "Replace the reference by another picture.",
  image_too_large: "Use a smaller reference picture.",
  unsupported_format: "Use a JPEG, PNG or WebP picture as reference.",
  reference_unreachable: "Download the picture and add it as a file.",
  reference_blocked: "Download the picture and add it as a file.",
  content_policy: "Change the prompt or the references.",
  model_unavailable: "Choose another model or mode.",
  style_code_version: "Make the style code again from its picture, or use the picture itself.",
  unsupported_parameter: "Reset the advanced settings, then generate again.",
  attempts_exhausted: "Change the request a little: this one failed three times.",
  internal: "Generate again: the credits were returned.",
};

/** An error that was thrown, in words. */
export const explain = (error: unknown): Explained => {
  const problem = problemOf(error);
  if (problem !== undefined) {
    const issue = problem.issues?.[0];
    const title = problem.code === "unauthenticated" ? "You are not signed in." : issue === undefined ? problem.title : problem.detail;
    const about = { title, advice: ADVICE[problem.code], offline: problem.code === "overloaded" };
    // Who has to sign in knows why it failed: there is nothing to look up in the logs.
    return problem.code === "unauthenticated" ? { ...about, signIn: true } : { ...about, requestId: problem.request_id, final: FINAL.has(problem.code) };
  }
  if (error instanceof UserError) return { title: error.message, advice: error.advice, offline: false };
  if (typeof navigator !== "undefined" && !navigator.onLine) return { title: "You are offline.", advice: "What you typed is kept. It goes on when the connection is back.", offline: true };
  return { title: "The service did not answer.", advice: "Check the connection, then try again.", offline: true };
};

/** Why a job failed, in words. */
export const explainJob = (failure: { readonly code: JobErrorCode; readonly message: string }): Explained => ({ title: failure.message, advice: JOB_ADVICE[failure.code], offline: false });

/** Something the person can put right: what it is, and how. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly advice: string;
  constructor(message: string, advice: string) {
    super(message);
    this.advice = advice;
  }
}
