import type { JobErrorCode, ModelAbout } from "@deadiff/schemas/contracts";
import type { Generated, GenerateRequest, Progress, Timed } from "../generate.ts";

/** What the supervisor says to the inference child. */
export type ToChild = { readonly kind: "generate"; readonly id: number; readonly request: GenerateRequest; readonly finishByMs: number | undefined } | { readonly kind: "abort"; readonly id: number };

/** What goes with every end of a generation. */
interface Ended {
  readonly timeline: readonly Timed[];
  readonly rssBytes: number;
}

/** What the inference child says to the supervisor. */
export type FromChild =
  | { readonly kind: "ready"; readonly model: string; readonly about: ModelAbout | null; readonly slots: number; readonly loadMs: number }
  | { readonly kind: "load_failed"; readonly message: string }
  | { readonly kind: "progress"; readonly id: number; readonly progress: Progress }
  | ({ readonly kind: "done"; readonly id: number; readonly generated: Generated } & Ended)
  | ({ readonly kind: "failed"; readonly id: number; readonly code: JobErrorCode; readonly message: string } & Ended);
