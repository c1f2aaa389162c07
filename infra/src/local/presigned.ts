import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** A request as its signature sees it. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query as they came over the wire. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly nowMs: number;
}

/** Whether a presigned address may be used, and if not, why. */
export type Verdict = "valid" | "malformed" | "expired" | "wrong_key" | "wrong_signature";

const EXPIRES_MAX_S = 7 * 24 * 3600;
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
const encode = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * Checks the Signature Version 4 in a query string: key, date, expiry, every signed header's actual value. The signature covers
 * an unsigned payload, as presigned addresses do; a signed `x-amz-checksum-sha256` binds the body.
 */
export const verifyPresigned = (request: SignedRequest, keyId: string, secret: string): Verdict => {
  const url = new URL(request.target, "http://local");
  const field = (name: string) => url.searchParams.get(name) ?? "";
  const credential = field("X-Amz-Credential").split("/");
  const [id, day, region, service] = credential;
  const date = field("X-Amz-Date");
  const expiresS = Number(field("X-Amz-Expires"));
  const moment = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (field("X-Amz-Algorithm") !== "AWS4-HMAC-SHA256" || credential.length !== 5 || moment === null) return "malformed";
  if (day === undefined || region === undefined || service === undefined || !date.startsWith(day)) return "malformed";
  if (!Number.isInteger(expiresS) || expiresS < 1 || expiresS > EXPIRES_MAX_S) return "malformed";
  if (id !== keyId) return "wrong_key";
  const [, year, month, dayOfMonth, hour, minute, second] = moment;
  const signedAt = Date.UTC(Number(year), Number(month) - 1, Number(dayOfMonth), Number(hour), Number(minute), Number(second));
  if (request.nowMs > signedAt + expiresS * 1000) return "expired";

  const names = field("X-Amz-SignedHeaders").split(";");
  const headers = names.map((name) => {
    const value = request.headers[name];
    return `${name}:${(Array.isArray(value) ? value.join(",") : (value ?? "")).trim().replace(/\s+/g, " ")}\n`;
  });
  const query = [...url.searchParams]
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
  const path = request.target.split("?")[0] ?? "/";
  const canonical = [request.method, path, query, headers.join(""), names.join(";"), "UNSIGNED-PAYLOAD"].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", date, scope, createHash("sha256").update(canonical).digest("hex")].join("\n");
  const signingKey = hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), service), "aws4_request");
  const expected = hmac(signingKey, toSign);
  const given = Buffer.from(field("X-Amz-Signature"), "hex");
  return given.length === expected.length && timingSafeEqual(given, expected) ? "valid" : "wrong_signature";
};
