/** The delivery does not come from us, was changed, or is too old. */
export class WebhookVerificationError extends Error {
  override readonly name = "WebhookVerificationError";
}

/** Header fields of a request: what `fetch` handlers and Node's `http` give. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a webhook says. */
export interface WebhookEvent {
  readonly type: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const TOLERANCE_S = 300;

const headerOf = (headers: WebhookHeaders, name: string): string => {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  if (typeof value !== "string" || value === "") throw new WebhookVerificationError(`the header ${name} is missing`);
  return value;
};

const fromBase64 = (text: string): Uint8Array<ArrayBuffer> | undefined => {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
};

/**
 * Verifies a webhook (Standard Webhooks 1.0.0, symmetric signatures) and returns what it says. Runs wherever WebCrypto is.
 *
 * `rawBody` is the body as it came, before any parsing. `secrets` are the endpoint's: during a rotation, the new and the old one.
 * Throws {@link WebhookVerificationError}, also for a timestamp more than five minutes off.
 */
export const verifyWebhook = async (rawBody: string | Uint8Array, headers: WebhookHeaders, secrets: readonly string[], nowMs: number = Date.now()): Promise<WebhookEvent> => {
  const id = headerOf(headers, "webhook-id");
  const timestamp = headerOf(headers, "webhook-timestamp");
  const signatures = headerOf(headers, "webhook-signature").split(" ");
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(nowMs / 1000 - Number(timestamp)) > TOLERANCE_S) throw new WebhookVerificationError("the timestamp is more than five minutes off");
  const body = typeof rawBody === "string" ? rawBody : new TextDecoder("utf-8", { fatal: true }).decode(rawBody);
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  for (const secret of secrets) {
    const bytes = fromBase64(secret.replace(/^whsec_/, ""));
    if (bytes === undefined || bytes.length === 0) throw new WebhookVerificationError("a secret is not `whsec_` and base64");
    const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
    for (const entry of signatures) {
      const [version, text = ""] = entry.split(",", 2);
      const signature = version === "v1" ? fromBase64(text) : undefined;
      // The platform compares in constant time.
      if (signature !== undefined && (await crypto.subtle.verify("HMAC", key, signature, signed))) return JSON.parse(body) as WebhookEvent;
    }
  }
  throw new WebhookVerificationError("no signature matches");
};
