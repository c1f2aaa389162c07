import { verifyWebhook, WebhookVerificationError, type WebhookEvent } from "@deadiff/client";

/** Answers a delivery: 204 once it is handled, 400 for one that DEADiff did not sign. */
export const receive = async (request: Request, secrets: readonly string[], handle: (event: WebhookEvent, id: string) => Promise<void>): Promise<Response> => {
  // The body as it came: parsed and written again, it would have other bytes.
  const body = await request.text();
  try {
    const event = await verifyWebhook(body, request.headers, secrets);
    await handle(event, request.headers.get("webhook-id") ?? "");
    return new Response(null, { status: 204 });
  } catch (error) {
    if (error instanceof WebhookVerificationError) return new Response("not signed by DEADiff", { status: 400 });
    throw error;
  }
};
