import { lookup as systemLookup } from "node:dns";
import { isIP } from "node:net";
import { Agent } from "undici";
import { mayConnect, type NetPolicy } from "./addresses.ts";

/** The address, or one it resolves to, is not one we connect to. */
export class BlockedAddress extends Error {
  override readonly name = "BlockedAddress";
}

interface Resolved {
  readonly address: string;
  readonly family: number;
}

/** Resolves a name to all its addresses. */
export type Resolve = (name: string, done: (error: Error | null, found: readonly Resolved[]) => void) => void;

const resolveBySystem: Resolve = (name, done) => systemLookup(name, { all: true }, (error, found) => done(error, error === null ? found : []));

/** Checks what can be seen in the address itself: https, port, no credentials, no forbidden literal. Throws {@link BlockedAddress}. */
export const checkUrl = (policy: NetPolicy, text: string): URL => {
  if (!URL.canParse(text)) throw new BlockedAddress("not an address");
  const url = new URL(text);
  const port = url.port === "" ? 443 : Number(url.port);
  if (url.protocol !== "https:") throw new BlockedAddress("not https");
  if (url.username !== "" || url.password !== "") throw new BlockedAddress("holds credentials");
  if (policy.ports !== "any" && !policy.ports.includes(port)) throw new BlockedAddress("port not allowed");
  // The parser has folded octal, hexadecimal and short forms of IPv4 by now. Literals never reach the resolver below.
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0 && !mayConnect(policy, host)) throw new BlockedAddress("address not allowed");
  return url;
};

/**
 * A connection pool whose resolver checks the very addresses it then connects to, so that a name cannot mean one address when it
 * is checked and another when it is used. A name with a single forbidden address is refused whole.
 */
export const guardedAgent = (policy: NetPolicy, connectTimeoutMs: number, resolve: Resolve = resolveBySystem): Agent =>
  new Agent({
    connect: {
      timeout: connectTimeoutMs,
      ...(policy.ca === undefined ? {} : { ca: policy.ca }),
      lookup: (name, options, callback) => {
        resolve(name, (error, found) => {
          const first = found[0];
          if (error !== null || first === undefined) {
            callback(error ?? new Error("no address"), "", 0);
          } else if (!found.every(({ address }) => mayConnect(policy, address))) {
            callback(new BlockedAddress("address not allowed"), "", 0);
          } else if (options.all === true) {
            callback(null, found.map(({ address, family }) => ({ address, family })));
          } else {
            callback(null, first.address, first.family);
          }
        });
      },
    },
    // As many connections to a host as there are requests: many accounts' endpoints may be one host's, and one that never answers would
    // hold up the others in a queue of ours, on their own time. Whoever uses the pool bounds its requests.
    connections: null,
    pipelining: 1,
    maxHeaderSize: 16 * 1024,
    keepAliveTimeout: 5000,
  });

/** Whether a failed request failed because of {@link BlockedAddress}. */
export const wasBlocked = (error: unknown): boolean => {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) if (cause instanceof BlockedAddress) return true;
  return false;
};
