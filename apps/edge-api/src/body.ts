import { ApiError, LIMITS } from "@deadiff/schemas";
import type { Context, MiddlewareHandler } from "hono";
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

const brokeOff = (cause: unknown): never => {
  throw new ApiError("bad_request", "The body broke off.", { cause });
};

/** The whole body, or `undefined` when it is larger than allowed. Throws `bad_request` when it breaks off. */
const readUpTo = async (reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>, maxBytes: number): Promise<ArrayBuffer | undefined> => {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let size = 0; size <= maxBytes; ) {
    const { done, value } = await reader.read().catch(brokeOff);
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
  c.set("body", await bodyOf(c));
  return next();
};

const bodyOf = async (c: Context<AppEnv>): Promise<ArrayBuffer | null> => {
  const { raw } = c.req;
  if (raw.method === "GET" || raw.method === "HEAD") return null;
  const announced = c.req.header("content-length");
  // No runtime hands on more than was announced. On Node this reads without making a stream, which costs as much as parsing the body.
  if (announced !== undefined && Number(announced) <= LIMITS.requestBytes) return raw.arrayBuffer().catch(brokeOff);
  if (raw.body === null) return null;
  const reader = raw.body.getReader();
  const body = announced === undefined ? await readUpTo(reader, LIMITS.requestBytes) : undefined;
  if (body !== undefined) return body;
  if (!(await drop(reader))) c.get("context").reply.headers["connection"] = "close";
  throw new ApiError("too_large", `A request may have at most ${LIMITS.requestBytes} bytes.`);
};

/** The request with its body in place again, for handlers that read it themselves. */
export const withBody = (c: Context<AppEnv>): Request => {
  const body = c.get("body");
  return body === null ? c.req.raw : new Request(c.req.raw, { body });
};
