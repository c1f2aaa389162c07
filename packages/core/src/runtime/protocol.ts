import { DeadiffError } from "../errors.ts";
import type { HostTensor, Kept, LoadReport, MemoryReport, ProviderReport, SessionSource } from "../session.ts";
import type { RuntimeOptions } from "./options.ts";

/** Raised with any change to these types: a host and a child of different deploys must notice. */
export const PROTOCOL_VERSION = 1;

/** What a host asks of its child, and what the child answers. Typed arrays travel as copies. */
export type Verbs = {
  start: { request: { protocol: number; options: RuntimeOptions }; reply: { provider: ProviderReport } };
  open: { request: { source: SessionSource }; reply: { session: number; inputNames: readonly string[]; outputNames: readonly string[]; loaded: LoadReport } };
  run: {
    request: { session: number; feeds: Readonly<Record<string, HostTensor | Kept>>; keep: Readonly<Record<string, string>> };
    reply: { outputs: Record<string, HostTensor> };
  };
  closeSession: { request: { session: number }; reply: Nothing };
  read: { request: { kept: string }; reply: { tensor: HostTensor } };
  write: { request: { kept: string; tensor: HostTensor }; reply: Nothing };
  drop: { request: { kept: readonly string[] }; reply: Nothing };
  memory: { request: Nothing; reply: { memory: MemoryReport } };
  close: { request: Nothing; reply: Nothing };
};

export type Verb = keyof Verbs;

type Nothing = Record<string, never>;

/** A numbered request. */
export type Call = { [V in Verb]: { id: number; verb: V; request: Verbs[V]["request"] } }[Verb];

/** The answer to the call of the same number, with the memory of kept tensors at that moment. */
export type Answer = { id: number; keptBytes: number } & ({ ok: true; reply: Verbs[Verb]["reply"] } | { ok: false; error: PlainError });

/** A `DeadiffError` as it travels. */
export type PlainError = { code: string; message: string; context: Record<string, unknown> };

/** Describes any error; one without a code of ours is a defect of the runtime, and says so. */
export function plainError(error: unknown): PlainError {
  if (error instanceof DeadiffError) return { code: error.code, message: error.message, context: { ...error.context } };
  return { code: "runtime_defect", message: error instanceof Error ? (error.stack ?? error.message) : String(error), context: {} };
}

/** The error that was described. */
export function revivedError({ code, message, context }: PlainError): DeadiffError {
  return new DeadiffError(code, message, { context });
}
