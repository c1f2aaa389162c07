import { ApiError } from "@deadiff/schemas";

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?|(?:[a-z0-9-]+\.)*localhost)$/i;

/** Whether a host name or address is this very machine. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

const hostOf = (authority: string): string => {
  try {
    return new URL(`http://${authority}`).hostname;
  } catch {
    return "";
  }
};

const isLoopbackOrigin = (origin: string): boolean => {
  try {
    return isLoopback(new URL(origin).hostname);
  } catch {
    return false;
  }
};

/**
 * Whether a request may use the account that needs no sign-in: only from this machine, under one of its own names (a name that was
 * rebound to it does not count), and not on behalf of a page of another site. Throws `forbidden`.
 */
export const requireLocal = (headers: Headers, url: string, ip: string | undefined): void => {
  const refuse = (why: string): never => {
    throw new ApiError("forbidden", `The local account is for this machine alone: ${why}. Use an API key.`);
  };
  const hosts = [new URL(url).hostname, ...["host", "x-forwarded-host"].flatMap((name) => (headers.get(name) ?? "").split(",").filter((host) => host.trim() !== "").map((host) => hostOf(host.trim())))];
  if (!hosts.every(isLoopback)) refuse("the request names another host");
  if (ip !== undefined && !isLoopback(ip.replace(/^::ffff:/, ""))) refuse("the request comes from elsewhere");
  const origin = headers.get("origin");
  if (origin !== null && !isLoopbackOrigin(origin)) refuse("the page is of another site");
  if (headers.get("sec-fetch-site") === "cross-site") refuse("the page is of another site");
};
