import { z } from "zod";
import { JOB_ERRORS, type JobErrorCode } from "../errors.ts";
import { idSchema } from "../ids.ts";
import { LIMITS } from "../limits.ts";
import { plainText } from "../text.ts";
import { referenceSchema, type StoredReference } from "../style/contract.ts";
import { SUBSCRIBABLE_EVENTS } from "../webhook/contract.ts";

/** The states of a job, forever these six. Detail goes into `phase`, `error` and `cancel_requested_at`. */
export const JOB_STATES = ["queued", "running", "succeeded", "failed", "canceled", "expired"] as const;

/** One of {@link JOB_STATES}. */
export type JobState = (typeof JOB_STATES)[number];

/** The states nothing follows. */
export const TERMINAL_STATES = ["succeeded", "failed", "canceled", "expired"] as const satisfies readonly JobState[];

/** What a job is doing within its state. More may come: treat unknown ones as "busy". */
export const JOB_PHASES = ["waiting", "starting", "preparing", "generating", "uploading", "done"] as const;

/** One of {@link JOB_PHASES}. */
export type JobPhase = (typeof JOB_PHASES)[number];

/** The samplers a request may name. */
export const SAMPLERS = ["ddim", "euler", "euler_ancestral", "heun", "dpm_2", "lms", "dpmpp_2m"] as const;

/** How noise levels may be spaced. */
export const SPACINGS = ["normal", "karras"] as const;

const moment = z.iso.datetime({ offset: true });

const settings = {
  negative_prompt: plainText(LIMITS.promptBytes).default(""),
  width: z.int().min(64).max(2048).multipleOf(8).optional().meta({ description: "Pixels; the model's own size when left out." }),
  height: z.int().min(64).max(2048).multipleOf(8).optional(),
  steps: z.int().min(1).max(100).optional().meta({ description: "Denoising steps; the model's default when left out." }),
  sampler: z.enum(SAMPLERS).optional(),
  spacing: z.enum(SPACINGS).optional().meta({ description: "How noise levels are spaced." }),
  guidance: z.number().min(1).max(30).optional().meta({ description: "Classifier-free guidance scale; 1 is none." }),
  prompt_guidance: z.number().min(0).max(30).optional().meta({ description: "How far the prompt is followed beyond `guidance` where references stand beside it; 0, or left out, is not at all." }),
  gains: z
    .union([z.string().regex(/^[a-z_]{1,40}$/), z.array(z.number().min(0).max(4)).min(1).max(256)])
    .optional()
    .meta({ description: "Strength per attention layer, multiplied with `strength`: one number each, or a setting the model names." }),
  seed: z.int().min(0).max(0xffffffff).optional().meta({ description: "Drawn when left out; the answer says which." }),
};

/** What to make: of references, a prompt, or both. `style` is short for one reference that is a saved style. */
export const jobInputSchema = z
  .strictObject({
    references: z.array(referenceSchema).max(LIMITS.referencesPerJob).optional().meta({ description: "None: a picture of the prompt alone." }),
    style: idSchema("style").optional(),
    prompt: plainText(LIMITS.promptBytes).default(""),
    strength: z.number().min(0).max(4).default(1).meta({ description: "How strongly the references act; 0 switches them off." }),
    count: z.int().min(1).max(LIMITS.imagesPerJob).default(1).meta({ description: "How many pictures; each has the seed after the one before." }),
    ...settings,
  })
  .refine((input) => input.references === undefined || input.style === undefined, {
    path: ["references"],
    message: "give either `references` or `style`",
  })
  .refine((input) => input.prompt.trim() !== "" || input.style !== undefined || (input.references ?? []).length > 0, {
    path: ["prompt"],
    message: "give a prompt, a reference, or both",
  })
  .meta({ id: "JobInput", examples: [{ references: [{ url: "https://example.com/painting.jpg", mode: "style" }], prompt: "a lighthouse", count: 2 }] });

/** See {@link jobInputSchema}. */
export type JobInput = z.output<typeof jobInputSchema>;

/** What a job makes: pictures, or the code of a style. */
export const JOB_KINDS = ["picture", "style_code"] as const;

/** One of {@link JOB_KINDS}. */
export type JobKind = (typeof JOB_KINDS)[number];

/** What a job keeps of its request: styles already resolved to their references, the seed already drawn. */
export type StoredRequest = Omit<JobInput, "references" | "style" | "seed"> & {
  readonly references: readonly StoredReference[];
  /** The one saved style that the request named, if it did. */
  readonly style: { readonly id: string; readonly version: number } | null;
  readonly seed: number;
};

const delivery = {
  webhook: z
    .strictObject({
      url: z.url({ protocol: /^https$/ }).max(2048),
      events: z.array(z.enum(SUBSCRIBABLE_EVENTS)).min(1).default(["job.succeeded", "job.failed", "job.canceled", "job.expired"]),
    })
    .optional()
    .meta({ description: "An address for this job alone, signed with the account's default secret." }),
  metadata: z
    .record(plainText(40).min(1), plainText(500))
    .refine((entries) => Object.keys(entries).length <= LIMITS.metadataEntries, `at most ${LIMITS.metadataEntries} entries`)
    .default({}),
  start_within_s: z.int().min(10).max(7 * 24 * 3600).default(LIMITS.startWithinDefaultS),
  finish_within_s: z.int().min(10).max(7 * 24 * 3600).default(LIMITS.finishWithinDefaultS),
  retention_s: z
    .int()
    .min(LIMITS.retentionMinS)
    .max(LIMITS.retentionMaxS)
    .nullable()
    .optional()
    .meta({ description: "How long pictures are kept; null: until they are deleted. Left out: 7 days for jobs made with a key, until deleted for those of the web." }),
};

/** A create: what to make, whom to tell, how long to try and to keep. */
export const createJobSchema = z.strictObject({ input: jobInputSchema, ...delivery }).meta({ id: "CreateJob" });

/** See {@link createJobSchema}, with its defaults filled in. */
export type CreateJob = z.output<typeof createJobSchema>;

/** See {@link createJobSchema}, as a caller writes it. */
export type CreateJobInput = z.input<typeof createJobSchema>;

/** Every combination of reference sets, prompts and strengths, one picture each, all from one seed. */
export const createMatrixSchema = z
  .strictObject({
    references: z.array(z.array(referenceSchema).max(LIMITS.referencesPerJob)).min(1).max(16).meta({ description: "Sets of references; an empty set is the prompt alone." }),
    prompts: z.array(plainText(LIMITS.promptBytes)).min(1).max(16),
    strengths: z.array(z.number().min(0).max(4)).min(1).max(16).default([1]),
    ...settings,
    ...delivery,
  })
  .refine((input) => input.references.length * input.prompts.length * input.strengths.length <= LIMITS.cellsPerMatrix, {
    path: ["references"],
    message: `references x prompts x strengths may not exceed ${LIMITS.cellsPerMatrix} cells`,
  })
  .meta({ id: "CreateMatrix" });

/** See {@link createMatrixSchema}. */
export type CreateMatrix = z.output<typeof createMatrixSchema>;

/** What a job made, as the worker records it. */
export interface JobResult {
  readonly images: readonly {
    readonly key: string;
    readonly sha256: string;
    readonly bytes: number;
    readonly width: number;
    readonly height: number;
    readonly content_type: string;
  }[];
  readonly seed: number;
  /** Every parameter that was used, defaults included. */
  readonly parameters: Record<string, unknown>;
  /** Milliseconds by part of the work. */
  readonly timings: Record<string, number>;
  /** Name and version of the model. */
  readonly model: string;
}

/** Why a job failed. */
export interface JobFailure {
  readonly code: JobErrorCode;
  readonly message: string;
}

/** One picture of a job. */
export const outputSchema = z.object({
  picture: idSchema("picture").meta({ description: "Its id in the gallery." }),
  url: z.string().nullable().meta({ description: "Signed; null once purged or deleted." }),
  expires_at: moment.nullable(),
  width: z.int(),
  height: z.int(),
  bytes: z.int(),
  sha256: z.string(),
  content_type: z.string(),
});

/** A job as everyone sees it: polls, event streams, webhooks. */
export const jobSchema = z
  .object({
    id: idSchema("job"),
    object: z.literal("job"),
    kind: z.enum(JOB_KINDS),
    version: z.int().meta({ description: "Grows with every change; compare it when updates come from several ways." }),
    state: z.enum(JOB_STATES),
    is_terminal: z.boolean().meta({ description: "Stop waiting when true, whatever the state is called." }),
    phase: z.string(),
    mode: z.enum(["live", "test"]),
    queue: z
      .object({ position: z.int(), position_is_estimate: z.boolean() })
      .nullable()
      .meta({ description: "Where a waiting job stands among all that wait, 1 being next; 1001 stands for whatever is beyond the first 1,000. A few seconds old. Null for jobs that do not wait, in events and in webhooks." }),
    progress: z.object({ step: z.int(), total: z.int() }).nullable().meta({ description: "Sampling steps, as last reported: how far the job is, or came. Null before the first report and once it succeeded." }),
    preview_url: z.string().nullable(),
    attempt: z.int(),
    input: z.looseObject({}).nullable().meta({ description: "The request with its style resolved and its seed drawn; null in webhooks." }),
    outputs: z.array(outputSchema),
    seed: z.int().nullable(),
    parameters: z.record(z.string(), z.unknown()).nullable(),
    model: z.string().nullable(),
    timings: z.record(z.string(), z.number()).nullable().meta({ description: "Milliseconds by part of the work." }),
    error: z.object({ code: z.enum(Object.keys(JOB_ERRORS) as [JobErrorCode, ...JobErrorCode[]]), message: z.string() }).nullable(),
    charge: z.object({ credits: z.int(), state: z.enum(["reserved", "captured", "released"]) }),
    metrics: z.object({ queue_ms: z.int().nullable(), run_ms: z.int().nullable() }),
    matrix: z.object({ id: idSchema("matrix"), cell: z.int() }).nullable(),
    retry_of: idSchema("job").nullable(),
    cancel_requested_at: moment.nullable(),
    created_at: moment,
    started_at: moment.nullable(),
    finished_at: moment.nullable(),
    expires_at: moment.nullable(),
    urls: z.object({ self: z.string(), events: z.string(), cancel: z.string() }),
    metadata: z.record(z.string(), z.string()),
    request_id: z.string(),
  })
  .meta({ id: "Job" });

/** See {@link jobSchema}. */
export type Job = z.infer<typeof jobSchema>;

/** A matrix with the jobs of its cells, in the order references, prompts, strengths (the last varies fastest). */
export const matrixSchema = z
  .object({
    id: idSchema("matrix"),
    object: z.literal("matrix"),
    axes: z.object({ references: z.int(), prompts: z.int(), strengths: z.int() }),
    is_terminal: z.boolean(),
    counts: z.record(z.enum(JOB_STATES), z.int()),
    cells: z.array(jobSchema),
    created_at: moment,
  })
  .meta({ id: "Matrix" });

/** A matrix as lists show it: how far it is, and what its first cells look like. */
export const matrixSummarySchema = matrixSchema
  .omit({ cells: true })
  .extend({ preview_urls: z.array(z.string().nullable()).max(8).meta({ description: "Signed addresses of the first cells' pictures; null for one that has none." }) })
  .meta({ id: "MatrixSummary" });

/** See {@link matrixSummarySchema}. */
export type MatrixSummary = z.infer<typeof matrixSummarySchema>;

/** See {@link matrixSchema}. */
export type Matrix = z.infer<typeof matrixSchema>;
