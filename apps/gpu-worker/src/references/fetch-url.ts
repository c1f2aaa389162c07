import { setTimeout as sleep } from "node:timers/promises";
import { JobError, LIMITS } from "@deadiff/schemas";
import { request, type Dispatcher } from "undici";
import type { NetPolicy } from "../net/addresses.ts";
import { BlockedAddress, checkUrl, wasBlocked } from "../net/guarded.ts";
import { hangUp, readBounded } from "../net/read-bounded.ts";

const HOPS_MAX = 3;
const TRIES = 3;
const TOTAL_MS = 10_000;

const once = async (agent: Dispatcher, policy: NetPolicy, address: string, signal: AbortSignal): Promise<Uint8Array> => {
  let next = address;
  for (let hop = 0; hop <= HOPS_MAX; hop++) {
    const url = checkUrl(policy, next);
    const response = await request(url, {
      dispatcher: agent,
      signal,
      headers: { accept: "image/png, image/jpeg, image/webp", "accept-encoding": "identity", "user-agent": "deadiff-studio" },
    });
    const { location } = response.headers;
    if (response.statusCode >= 300 && response.statusCode < 400 && typeof location === "string") {
      hangUp(response.body);
      // Each hop is checked like the first: a redirect opens no door that the address itself would not.
      if (!URL.canParse(location, url.href)) throw new BlockedAddress("not an address");
      next = new URL(location, url).href;
      continue;
    }
    if (response.statusCode !== 200) {
      hangUp(response.body);
      throw new Error(`status ${response.statusCode}`);
    }
    const { bytes, whole } = await readBounded(response.body, LIMITS.uploadBytes);
    if (!whole) throw new JobError("image_too_large");
    return bytes;
  }
  throw new Error("too many redirects");
};

/**
 * Fetches a reference from the web: https only, public addresses only, at most three redirects, 20 MB, ten seconds, three tries.
 * Throws `reference_blocked`, `reference_unreachable` or `image_too_large`; the words tell nothing of what is behind the address.
 */
export const fetchReference = async (agent: Dispatcher, policy: NetPolicy, address: string, signal: AbortSignal, retryMs = 500): Promise<Uint8Array> => {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(TOTAL_MS)]);
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(agent, policy, address, limited);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof JobError) throw error;
      if (wasBlocked(error)) throw new JobError("reference_blocked", undefined, { cause: error });
      if (attempt >= TRIES || limited.aborted) throw new JobError("reference_unreachable", undefined, { cause: error });
    }
    await sleep(retryMs * attempt, undefined, { signal: limited }).catch(() => undefined);
  }
};
