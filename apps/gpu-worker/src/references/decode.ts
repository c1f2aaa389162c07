import { fork, type ChildProcess } from "node:child_process";
import { JobError, type Crop, type JobErrorCode } from "@deadiff/schemas";

/** A picture to open. */
export interface DecodeRequest {
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly crop: Crop | undefined;
}

/** What became of it: an upright, opaque sRGB PNG of at most 1024 pixels a side without metadata, or why not. */
export type DecodeAnswer = { readonly ok: true; readonly png: Uint8Array } | { readonly ok: false; readonly code: Extract<JobErrorCode, "invalid_image" | "image_too_large" | "unsupported_format"> };

/** Opens pictures in a process of their own. */
export interface Decoder {
  /** The picture, or the part of it that `crop` frames. Throws a JobError: `invalid_image`, `image_too_large`, `unsupported_format`. */
  readonly decode: (bytes: Uint8Array, crop?: Crop) => Promise<Uint8Array>;
  readonly stop: () => void;
}

const TIMEOUT_MS = 10_000;
const START_WITHIN_MS = 60_000;
const JOBS_MAX = 200;

/** What the decoding process says: that it is up, then one answer per picture. */
export type FromDecoder = { readonly ready: true } | { readonly id: number; readonly answer: DecodeAnswer };

interface Opener {
  readonly process: ChildProcess;
  readonly ready: Promise<void>;
  done: number;
}

/** The process ended or had to be ended while a picture was open. */
class Lost extends Error {}

const start = (): Opener => {
  const child = fork(new URL("./decode-child.ts", import.meta.url), {
    serialization: "advanced",
    // The heap never holds pixels; they are libvips', bounded by its pixel limit.
    execArgv: ["--max-old-space-size=128"],
    // Nothing of our environment: no database, no keys.
    env: { ...(process.platform === "win32" ? { SystemRoot: "C:\\Windows" } : {}) },
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  child.setMaxListeners(100);
  const ready = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), START_WITHIN_MS);
    const onMessage = (message: FromDecoder): void => {
      if (!("ready" in message)) return;
      clearTimeout(timer);
      child.off("message", onMessage);
      resolve();
    };
    child.on("message", onMessage);
    child.once("exit", () => {
      clearTimeout(timer);
      // No fault of the picture's: another try, perhaps elsewhere.
      reject(new JobError("worker_lost", "The process that opens pictures did not start."));
    });
  });
  ready.catch(() => undefined);
  return { process: child, ready, done: 0 };
};

const ask = ({ process: child }: Opener, request: DecodeRequest, timeoutMs: number): Promise<DecodeAnswer> =>
  new Promise((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer);
      child.off("message", onMessage);
      child.off("exit", onExit);
    };
    const onExit = (): void => {
      settle();
      reject(new Lost());
    };
    const onMessage = (message: FromDecoder): void => {
      if ("ready" in message || message.id !== request.id) return;
      settle();
      resolve(message.answer);
    };
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    child.on("message", onMessage);
    child.once("exit", onExit);
    if (child.connected) child.send(request);
  });

/**
 * The decoding process is forked at the first picture, killed when one takes longer than ten seconds, and replaced now and then.
 * A picture that ended a process gets one more, with three times the time: a busy machine is slow with good pictures too.
 */
export const createDecoder = (timeoutMs = TIMEOUT_MS): Decoder => {
  let current: Opener | undefined;
  let nextId = 1;
  const retire = (opener: Opener): void => {
    if (current === opener) current = undefined;
    opener.process.kill("SIGKILL");
  };
  const once = async (bytes: Uint8Array, crop: Crop | undefined, withinMs: number): Promise<DecodeAnswer> => {
    const opener = (current ??= start());
    try {
      await opener.ready;
      const answer = await ask(opener, { id: nextId++, bytes, crop }, withinMs);
      opener.done += 1;
      if (opener.done >= JOBS_MAX) retire(opener);
      return answer;
    } catch (error) {
      retire(opener);
      throw error;
    }
  };
  return {
    stop: () => {
      if (current !== undefined) retire(current);
    },
    decode: async (bytes, crop) => {
      for (const withinMs of [timeoutMs, 3 * timeoutMs]) {
        try {
          const answer = await once(bytes, crop, withinMs);
          if (answer.ok) return answer.png;
          throw new JobError(answer.code);
        } catch (error) {
          if (!(error instanceof Lost)) throw error;
        }
      }
      throw new JobError("invalid_image");
    },
  };
};
