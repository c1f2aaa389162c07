import { TERMINAL_STATES, type Job, type JobState } from "./contract.ts";
import { pictureId } from "../ids.ts";
import type { PlaceInQueue } from "./queue.ts";
import type { JobRow } from "./row.ts";

/** Gives an object a signed address to read it from, with the moment it stops working. */
export type SignUrl = (objectKey: string) => Promise<{ url: string; expiresAt: string }>;

/** Whether nothing follows `state`. */
export const isTerminal = (state: JobState): boolean => (TERMINAL_STATES as readonly JobState[]).includes(state);

const iso = (moment: string): string => new Date(moment).toISOString();
const isoOrNull = (moment: string | null): string | null => (moment === null ? null : iso(moment));
/** Milliseconds from one moment to another, 0 where the clock went back; null while either is missing. */
export const msBetween = (from: string | null, to: string | null): number | null =>
  from === null || to === null ? null : Math.max(0, Date.parse(to) - Date.parse(from));

const chargeState = (state: JobState): Job["charge"]["state"] => {
  switch (state) {
    case "queued":
    case "running":
      return "reserved";
    case "succeeded":
      return "captured";
    case "failed":
    case "canceled":
    case "expired":
      return "released";
  }
};

/** The job everyone sees, from its row (or an event's copy of the row). Signed addresses come from `sign`, the place of a waiting job from `place`. */
export const presentJob = async (row: JobRow, sign: SignUrl, place: PlaceInQueue = () => null): Promise<Job> => {
  const self = `/v1/jobs/${row.id}`;
  const purged = row.purged_at !== null;
  const outputs = await Promise.all(
    (row.result?.images ?? []).map(async ({ key, ...image }, place) => {
      const signed = purged || row.removed?.includes(place) === true ? null : await sign(key);
      return { picture: pictureId(row.id, place), url: signed?.url ?? null, expires_at: signed?.expiresAt ?? null, ...image };
    }),
  );
  return {
    id: row.id,
    object: "job",
    kind: row.kind,
    version: row.version,
    state: row.state,
    is_terminal: isTerminal(row.state),
    phase: row.phase,
    mode: row.mode,
    queue: row.state === "queued" ? place(row.id) : null,
    // The last report of a job that succeeded is from before its end.
    progress: row.step === null || row.steps === null || row.state === "succeeded" ? null : { step: row.step, total: row.steps },
    preview_url: row.preview === null || row.state !== "running" ? null : (await sign(row.preview)).url,
    attempt: row.fence,
    input: row.request === undefined ? null : { ...row.request },
    outputs,
    seed: row.result?.seed ?? row.request?.seed ?? null,
    parameters: row.result?.parameters ?? null,
    model: row.result?.model ?? null,
    timings: row.result?.timings ?? null,
    error: row.error,
    charge: { credits: row.price, state: chargeState(row.state) },
    metrics: { queue_ms: msBetween(row.created_at, row.started_at), run_ms: msBetween(row.started_at, row.finished_at) },
    matrix: row.matrix_id === null || row.cell === null ? null : { id: row.matrix_id, cell: row.cell },
    retry_of: row.retry_of,
    cancel_requested_at: isoOrNull(row.cancel_requested_at),
    created_at: iso(row.created_at),
    started_at: isoOrNull(row.started_at),
    finished_at: isoOrNull(row.finished_at),
    expires_at: isoOrNull(row.expires_at),
    urls: { self, events: `${self}/events`, cancel: `${self}/cancel` },
    metadata: row.metadata,
    request_id: row.request_id,
  };
};
