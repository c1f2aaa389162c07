import type { Crop, JobKind, JobPhase, ReferenceMode, StoredRequest } from "@deadiff/schemas";

interface Influence {
  readonly weight: number;
  readonly mode: ReferenceMode;
}

/** A reference that was brought: a picture (upright RGB PNG, metadata removed), or a style code's file. */
export type LoadedMember = Influence & ({ readonly png: Uint8Array; readonly fit: "stretch" | "pad" | "crop"; /** What part of the picture this is, if it is one. */ readonly crop?: Crop } | { readonly code: Uint8Array });

/** A reference of a request: one of these, or several that are read as one. */
export type LoadedReference = LoadedMember | (Influence & { readonly members: readonly LoadedMember[] });

/** A request with its references brought. */
export type GenerateRequest = Omit<StoredRequest, "references"> & {
  readonly kind: JobKind;
  readonly references: readonly LoadedReference[];
};

/** How far a generation is. */
export interface Progress {
  readonly phase: Extract<JobPhase, "preparing" | "generating">;
  readonly step?: number;
  readonly steps?: number;
  /** A small picture of what is coming, as PNG. */
  readonly preview?: Uint8Array;
}

/** When a part of a generation, or a step of one, began and ended: milliseconds since the epoch. */
export interface Timed {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly steps: readonly Timed[];
}

/** What a generation made. */
export interface Generated {
  /** PNG files. */
  readonly images: readonly Uint8Array[];
  /** The file of a style code, where that was asked for. */
  readonly code?: { readonly encoder: string; readonly file: Uint8Array };
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
export type Generate = (request: GenerateRequest, options: GenerateOptions) => Promise<Generated>;

/** What goes with a request. */
export interface GenerateOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** Hears once what was done when, for traces: also of a generation that failed or was stopped, unless its process died. */
  readonly onTimeline?: ((timeline: readonly Timed[]) => void) | undefined;
  /** When the job must be done, in milliseconds since the epoch: where jobs share the device, the order goes by it. */
  readonly finishByMs?: number | undefined;
}
