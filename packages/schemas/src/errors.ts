import { z } from "zod";

interface ErrorRule {
  readonly status: number;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** One sentence for a person, free of internals. */
  readonly title: string;
}

/** Every error a call to the API can end in. The codes are a contract: they are added to, never renamed. */
export const API_ERRORS = {
  bad_request: { status: 400, retryable: false, title: "The request could not be read." },
  unauthenticated: { status: 401, retryable: false, title: "A valid API key is needed." },
  insufficient_credit: { status: 402, retryable: false, title: "The account's credits do not cover this request." },
  forbidden: { status: 403, retryable: false, title: "This API key may not do that." },
  not_found: { status: 404, retryable: false, title: "There is no such thing in this account." },
  method_not_allowed: { status: 405, retryable: false, title: "This address does not answer that method." },
  idempotency_in_flight: { status: 409, retryable: true, title: "A request with this idempotency key is still being processed." },
  conflict: { status: 409, retryable: false, title: "The thing is not in a state that allows this." },
  gone: { status: 410, retryable: false, title: "It existed and was deleted." },
  too_large: { status: 413, retryable: false, title: "The request is larger than allowed." },
  unsupported_media: { status: 415, retryable: false, title: "This kind of content is not accepted." },
  invalid_input: { status: 422, retryable: false, title: "The request was understood and some of its values are not allowed." },
  idempotency_mismatch: { status: 422, retryable: false, title: "This idempotency key was used with another request." },
  rate_limited: { status: 429, retryable: true, title: "Too many requests: wait as long as Retry-After says." },
  queue_full: { status: 429, retryable: true, title: "The account has as many waiting jobs as it may have." },
  internal: { status: 500, retryable: true, title: "Something failed on our side." },
  mail_unavailable: { status: 501, retryable: false, title: "This installation sends no mail." },
  overloaded: { status: 503, retryable: true, title: "The service cannot take this request at the moment." },
} as const satisfies Record<string, ErrorRule>;

/** A code of {@link API_ERRORS}. */
export type ApiErrorCode = keyof typeof API_ERRORS;

/** Every way a job can fail. `retryable` says whether the worker may try again by itself. */
export const JOB_ERRORS = {
  worker_lost: { retryable: true, message: "The machine that made the picture stopped answering." },
  gpu_oom: { retryable: true, message: "The picture did not fit into the accelerator's memory." },
  store_unavailable: { retryable: true, message: "The picture store did not answer." },
  model_load_failed: { retryable: true, message: "The model could not be loaded." },
  timeout_attempt: { retryable: true, message: "Making the picture took longer than one attempt may." },
  invalid_image: { retryable: false, message: "A reference could not be decoded as a picture." },
  image_too_large: { retryable: false, message: "A reference has more pixels or bytes than allowed." },
  unsupported_format: { retryable: false, message: "A reference is not a JPEG, PNG or WebP picture." },
  reference_unreachable: { retryable: false, message: "A reference's address could not be read." },
  reference_blocked: { retryable: false, message: "A reference's address is not one we fetch from." },
  content_policy: { retryable: false, message: "The request is not allowed by the content policy." },
  model_unavailable: { retryable: false, message: "No model that can do this is installed." },
  style_code_version: { retryable: false, message: "A style code was made by another encoder than the installed model's: make it again from its picture." },
  unsupported_parameter: { retryable: false, message: "The installed model does not accept one of the parameters." },
  attempts_exhausted: { retryable: false, message: "The job was tried as often as it may be and never ended well." },
  internal: { retryable: false, message: "Something failed on our side; the credits were returned." },
} as const satisfies Record<string, { retryable: boolean; message: string }>;

/** A code of {@link JOB_ERRORS}. */
export type JobErrorCode = keyof typeof JOB_ERRORS;

/** One value that was not accepted: where it stands in the request and why. */
export const issueSchema = z.object({ path: z.string(), message: z.string() });

/** The body of every answer that is not a success (RFC 9457), media type `application/problem+json`. */
export const problemSchema = z
  .object({
    type: z.string().meta({ description: "A stable URN that names the problem: `urn:deadiff:problem:` and the code." }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(API_ERRORS) as [ApiErrorCode, ...ApiErrorCode[]]),
    retryable: z.boolean(),
    retry_after_s: z.int().optional(),
    issues: z.array(issueSchema).optional(),
    request_id: z.string(),
  })
  .meta({ id: "Problem", description: "What went wrong, for programs (`code`) and people (`detail`)." });

/** See {@link problemSchema}. */
export type Problem = z.infer<typeof problemSchema>;

/** An error of {@link API_ERRORS} with what was found (`message`), safe to show to the caller. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ApiErrorCode;
  readonly retryAfterS: number | undefined;
  readonly issues: readonly z.infer<typeof issueSchema>[] | undefined;
  /** The limit that was reached, where it is one of room and not of rate. */
  readonly quota: { readonly name: string; readonly max: number } | undefined;

  constructor(
    code: ApiErrorCode,
    message: string = API_ERRORS[code].title,
    options: { cause?: unknown; retryAfterS?: number; issues?: readonly z.infer<typeof issueSchema>[]; quota?: { readonly name: string; readonly max: number } } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.retryAfterS = options.retryAfterS;
    this.issues = options.issues;
    this.quota = options.quota;
  }

  /** The RFC 9457 document of this error. */
  toProblem(requestId: string): Problem {
    const rule = API_ERRORS[this.code];
    return {
      type: `urn:deadiff:problem:${this.code}`,
      title: rule.title,
      status: rule.status,
      detail: this.message,
      code: this.code,
      retryable: rule.retryable,
      ...(this.retryAfterS === undefined ? {} : { retry_after_s: this.retryAfterS }),
      ...(this.issues === undefined ? {} : { issues: [...this.issues] }),
      request_id: requestId,
    };
  }
}

/** An error of {@link JOB_ERRORS}: why one attempt at a job ended. `message` is shown to the job's owner. */
export class JobError extends Error {
  override readonly name = "JobError";
  readonly code: JobErrorCode;

  constructor(code: JobErrorCode, message: string = JOB_ERRORS[code].message, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
  }
}
