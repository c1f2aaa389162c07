import { ApiError, LIMITS } from "@deadiff/schemas";
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./app-env.ts";

/** What comes after the limit is read and dropped up to this size and time: who sends a picture here still hears why it was refused. */
const DROP = { bytes: LIMITS.uploadBytes + LIMITS.requestBytes, ms: 3000 } as const;

/** Reads on without keeping anything. Whether the end was reached. */
const drop = async (reader: ReadableStreamDefaultReader<Uint8Array>): Promise<boolean> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, DROP.ms, undefined)));
  try {
    for (let dropped = 0; dropped <= DROP.bytes; ) {
      const next = await Promise.race([reader.read(), late]);
      if (next === undefined) break;
      if (next.done) return true;
      dropped += next.value.length;
    }
  } catch {
    // The caller hung up.
  } finally {
    clearTimeout(timer);
  }
  return false;
};

/** The whole body, or `undefined` when it is larger than allowed. Throws `bad_request` when it breaks off. */
const readUpTo = async (reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>, maxBytes: number): Promise<ArrayBuffer | undefined> => {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let size = 0; size <= maxBytes; ) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw new ApiError("bad_request", "The body broke off.", { cause });
    });
    if (done) return new Blob(chunks).arrayBuffer();
    chunks.push(value);
    size += value.length;
  }
  return undefined;
};

/**
 * Reads the body before anything is done with the request. Throws `too_large` past {@link LIMITS.requestBytes}. What the caller still
 * sends is dropped first, so that the connection is good for its next request; where that is too much, the answer says that it closes.
 */
export const readBody: MiddlewareHandler<AppEnv> = async (c, next) => {
  const stream = c.req.raw.body;
  if (stream === null) return next();
  const reader = stream.getReader();
  const announced = Number(c.req.header("content-length") ?? 0);
  const body = announced > LIMITS.requestBytes ? undefined : await readUpTo(reader, LIMITS.requestBytes);
  if (body === undefined) {
    if (!(await drop(reader))) c.get("context").reply.headers["connection"] = "close";
    throw new ApiError("too_large", `A request may have at most ${LIMITS.requestBytes} bytes.`);
  }
  c.req.raw = new Request(c.req.raw, { body });
  return next();
};
