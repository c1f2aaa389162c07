import type { JobPhase, Reference, StoredRequest } from "@deadiff/schemas";

/** A request with its references as pictures: upright RGB PNG, metadata removed. */
export type GenerateRequest = Omit<StoredRequest, "references"> & {
  readonly references: readonly (Omit<Reference, "image" | "url"> & { readonly png: Uint8Array })[];
};

/** How far a generation is. */
export interface Progress {
  readonly phase: Extract<JobPhase, "preparing" | "generating">;
  readonly step?: number;
  readonly steps?: number;
  /** A small picture of what is coming, as PNG. */
  readonly preview?: Uint8Array;
}

/** What a generation made. */
export interface Generated {
  /** PNG files. */
  readonly images: readonly Uint8Array[];
  readonly seed: number;
  /** Every parameter that was used, defaults included. */
  readonly parameters: Record<string, unknown>;
  /** Milliseconds by part of the work. */
  readonly timings: Record<string, number>;
  /** Name and version of the model. */
  readonly model: string;
}

/**
 * Makes the pictures of a request. Stops between steps when `signal` fires. Throws a JobError for what the job's owner is to
 * know; anything else counts as `internal`.
 */
export type Generate = (request: GenerateRequest, options: { readonly signal: AbortSignal; readonly onProgress: (progress: Progress) => void }) => Promise<Generated>;
