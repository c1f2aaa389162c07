import type { KeyMode } from "../api-key.ts";
import type { Id } from "../ids.ts";
import type { JobFailure, JobKind, JobPhase, JobResult, JobState, StoredRequest } from "./contract.ts";

/**
 * A row of `jobs` as `to_jsonb(jobs)` writes it. Live rows, event bodies and webhook payloads are all read in this one form.
 * Times are ISO text; `request` is left out of event bodies, because it never changes.
 */
export interface JobRow {
  id: Id<"job">;
  account_id: Id<"account">;
  key_id: Id<"key"> | null;
  kind: JobKind;
  mode: KeyMode;
  state: JobState;
  phase: JobPhase;
  version: number;
  fence: number;
  tries_left: number;
  lease_owner: string | null;
  lease_until: string | null;
  cancel_requested_at: string | null;
  start_by: string;
  finish_by: string;
  run_after: string;
  rung_at: string;
  request?: StoredRequest;
  price: number;
  step: number | null;
  steps: number | null;
  preview: string | null;
  result: JobResult | null;
  error: JobFailure | null;
  matrix_id: Id<"matrix"> | null;
  cell: number | null;
  retry_of: Id<"job"> | null;
  metadata: Record<string, string>;
  webhook_url: string | null;
  webhook_events: string[] | null;
  request_id: string;
  traceparent: string | null;
  retention_s: number | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  expires_at: string | null;
  purged_at: string | null;
  /** Missing in events from before it was kept. */
  removed?: number[];
  deleted_at: string | null;
}
