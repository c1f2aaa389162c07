export { createClient, type ClientOptions, type CreateOptions, type DeadiffClient } from "./client.ts";
export { DeadiffApiError, DeadiffConnectionError, JobNotSucceeded, WaitTimeout } from "./errors.ts";
export type { Picture } from "./upload.ts";
export { verifyWebhook, WebhookVerificationError, type WebhookEvent, type WebhookHeaders } from "./verify-webhook.ts";
export type { Update, WaitOptions } from "./watch.ts";
export type { CreateJobInput, Job, Problem, Upload } from "@deadiff/schemas/contracts";
