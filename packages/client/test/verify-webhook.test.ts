import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { verifyWebhook } from "../src/index.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLD = "whsec_b2xkIHNlY3JldCBvbGQgc2VjcmV0IG9sZCBzZWNyZXQh";
const BODY = JSON.stringify({ type: "job.succeeded", timestamp: "2026-01-01T00:00:00Z", data: { id: "job_x", prompt: "犬" } });
const signedAt = new Date();
const headers = { "webhook-id": "msg_1", "webhook-timestamp": String(Math.floor(signedAt.getTime() / 1000)), "webhook-signature": new Webhook(SECRET).sign("msg_1", signedAt, BODY) };

test("what the standardwebhooks package signs is verified, as text and as bytes, from any kind of headers", async () => {
  const bytes = new TextEncoder().encode(BODY);
  for (const body of [BODY, bytes]) for (const h of [headers, new Headers(headers)]) expect(await verifyWebhook(body, h, [SECRET])).toMatchObject({ type: "job.succeeded", data: { prompt: "犬" } });
});

test("during a rotation either secret will do, and foreign versions of signatures are passed over", async () => {
  const both = { ...headers, "webhook-signature": `v1a,AAAA ${new Webhook(OLD).sign("msg_1", signedAt, BODY)} ${headers["webhook-signature"]}` };
  await verifyWebhook(BODY, both, [SECRET]);
  await verifyWebhook(BODY, both, [OLD]);
  await verifyWebhook(BODY, headers, [OLD, SECRET]);
});

test.each<[string, string, Record<string, string>, string[], number]>([
  ["another body", `${BODY} `, headers, [SECRET], 0],
  ["another id", BODY, { ...headers, "webhook-id": "msg_2" }, [SECRET], 0],
  ["six minutes late", BODY, headers, [SECRET], 360_000],
  ["six minutes early", BODY, headers, [SECRET], -360_000],
  ["another time", BODY, { ...headers, "webhook-timestamp": String(Number(headers["webhook-timestamp"]) + 1) }, [SECRET], 0],
  ["a time that is no number", BODY, { ...headers, "webhook-timestamp": "now" }, [SECRET], 0],
  ["a cut signature", BODY, { ...headers, "webhook-signature": headers["webhook-signature"].slice(0, -4) }, [SECRET], 0],
  ["an asymmetric signature only", BODY, { ...headers, "webhook-signature": headers["webhook-signature"].replace("v1,", "v1a,") }, [SECRET], 0],
  ["no signature", BODY, { ...headers, "webhook-signature": "" }, [SECRET], 0],
  ["another secret", BODY, headers, [OLD], 0],
  ["no secret", BODY, headers, [], 0],
])("%s is rejected", async (_, body, changed, secrets, laterMs) => {
  await expect(verifyWebhook(body, changed, secrets, Date.now() + laterMs)).rejects.toMatchObject({ name: "WebhookVerificationError" });
});
