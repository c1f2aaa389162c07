import { request, type Dispatcher } from "undici";
import type { NetPolicy } from "../net/addresses.ts";
import { checkUrl, wasBlocked } from "../net/guarded.ts";
import { readBounded } from "../net/read-bounded.ts";

/** How a delivery went. */
export interface Posted {
  readonly outcome: "ok" | "failed" | "timeout" | "refused";
  readonly status: number | null;
  readonly retryAfter: string | null;
  /** The start of the receiver's answer. */
  readonly response: string | null;
  readonly error: string | null;
}

const TOTAL_MS = 15_000;
const RESPONSE_MAX_BYTES = 16 * 1024;

const isTimeout = (error: unknown): boolean => {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause.name === "TimeoutError" || cause.name === "AbortError" || ("code" in cause && typeof cause.code === "string" && cause.code.includes("TIMEOUT"))) return true;
  }
  return false;
};

/**
 * Posts `body` to an address that is not ours: checked before and while connecting, no redirect followed, at most 16 KiB of the
 * answer read. A status line with complete headers decides, also when the body breaks off.
 */
export const post = async (agent: Dispatcher, policy: NetPolicy, address: string, body: string, headers: Record<string, string>, totalMs = TOTAL_MS): Promise<Posted> => {
  const signal = AbortSignal.timeout(totalMs);
  try {
    const url = checkUrl(policy, address);
    const response = await request(url, { method: "POST", dispatcher: agent, signal, body, headers: { ...headers, "accept-encoding": "identity" } });
    const { statusCode, headers: answered } = response;
    const retryAfter = typeof answered["retry-after"] === "string" ? answered["retry-after"] : null;
    let text: string | null = null;
    let late = false;
    try {
      const { bytes } = await readBounded(response.body, RESPONSE_MAX_BYTES);
      // NUL cannot be stored as text.
      text = bytes.toString("utf8").replaceAll("\u0000", "\ufffd");
    } catch (error) {
      late = isTimeout(error);
    }
    if (late) return { outcome: "timeout", status: statusCode, retryAfter, response: null, error: "the answer's body took too long" };
    const ok = statusCode >= 200 && statusCode < 300;
    return { outcome: ok ? "ok" : "failed", status: statusCode, retryAfter, response: text, error: ok ? null : `status ${statusCode}` };
  } catch (error) {
    if (wasBlocked(error)) return { outcome: "refused", status: null, retryAfter: null, response: null, error: "the address is not one we deliver to" };
    if (isTimeout(error)) return { outcome: "timeout", status: null, retryAfter: null, response: null, error: "no answer in time" };
    const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "error";
    return { outcome: "failed", status: null, retryAfter: null, response: null, error: `the connection failed (${code})` };
  }
};
