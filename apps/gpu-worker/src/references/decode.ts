import { fork, type ChildProcess } from "node:child_process";
import { JobError, type JobErrorCode } from "@deadiff/schemas";

/** A picture to open. */
export interface DecodeRequest {
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** What became of it: an upright, opaque sRGB PNG of at most 1024 pixels a side without metadata, or why not. */
export type DecodeAnswer = { readonly ok: true; readonly png: Uint8Array } | { readonly ok: false; readonly code: Extract<JobErrorCode, "invalid_image" | "image_too_large" | "unsupported_format"> };

/** Opens pictures in a process of their own. */
export interface Decoder {
  /** Throws a JobError: `invalid_image`, `image_too_large`, `unsupported_format`. */
  readonly decode: (bytes: Uint8Array) => Promise<Uint8Array>;
  readonly stop: () => void;
}

const TIMEOUT_MS = 10_000;
const JOBS_MAX = 200;

/** The decoding process is forked at the first picture, killed when one takes longer than ten seconds, and replaced now and then. */
export const createDecoder = (timeoutMs = TIMEOUT_MS): Decoder => {
  let child: ChildProcess | undefined;
  let done = 0;
  let nextId = 1;
  const stop = (): void => {
    child?.kill("SIGKILL");
    child = undefined;
  };
  const start = (): ChildProcess => {
    const made = fork(new URL("./decode-child.ts", import.meta.url), {
      serialization: "advanced",
      // The heap never holds pixels; they are libvips', bounded by its pixel limit.
      execArgv: ["--max-old-space-size=128"],
      // Nothing of our environment: no database, no keys.
      env: { ...(process.platform === "win32" ? { SystemRoot: "C:\\Windows" } : {}) },
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    made.once("exit", () => {
      if (child === made) child = undefined;
    });
    made.setMaxListeners(100);
    done = 0;
    return made;
  };
  return {
    stop,
    decode: (bytes) =>
      new Promise((resolve, reject) => {
        const worker = (child ??= start());
        const id = nextId++;
        const settle = () => {
          clearTimeout(timer);
          worker.off("message", onMessage);
          worker.off("exit", onExit);
          done += 1;
          if (done >= JOBS_MAX && child === worker) stop();
        };
        const onExit = () => {
          settle();
          reject(new JobError("invalid_image"));
        };
        const onMessage = (message: { id: number; answer: DecodeAnswer }) => {
          if (message.id !== id) return;
          settle();
          if (message.answer.ok) resolve(message.answer.png);
          else reject(new JobError(message.answer.code));
        };
        const timer = setTimeout(() => worker.kill("SIGKILL"), timeoutMs);
        worker.on("message", onMessage);
        worker.once("exit", onExit);
        worker.send({ id, bytes } satisfies DecodeRequest);
      }),
  };
};
