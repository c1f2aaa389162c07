import { z } from "zod";
import { idSchema } from "../ids.ts";
import { plainText } from "../text.ts";

/** The events an address can subscribe to. */
export const SUBSCRIBABLE_EVENTS = ["job.started", "job.succeeded", "job.failed", "job.canceled", "job.expired", "endpoint.failing", "endpoint.disabled"] as const;

/** What an address hears of when it names no events: how jobs ended. */
export const DEFAULT_EVENTS = ["job.succeeded", "job.failed", "job.canceled", "job.expired"] as const;

/** Every type a webhook can have; a ping is sent when asked for, whatever is subscribed to. */
export type WebhookEventType = (typeof SUBSCRIBABLE_EVENTS)[number] | "endpoint.ping";

/** The types of webhook events, as a list. */
export const WEBHOOK_EVENT_TYPES = [...SUBSCRIBABLE_EVENTS, "endpoint.ping"] as const satisfies readonly WebhookEventType[];

/** `superseded`: newer news of the same job made it pointless; `dropped`: its address went away. */
export const MESSAGE_STATES = ["pending", "delivered", "exhausted", "superseded", "dropped"] as const;

/** One of {@link MESSAGE_STATES}. */
export type MessageState = (typeof MESSAGE_STATES)[number];

/** `refused`: the address was not one we connect to; `unknown`: the dispatcher died while it was going on. */
export const ATTEMPT_OUTCOMES = ["running", "ok", "failed", "timeout", "refused", "unknown"] as const;

/** One of {@link ATTEMPT_OUTCOMES}. */
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

const moment = z.iso.datetime({ offset: true });

const url = z
  .url({ protocol: /^https$/ })
  .max(2048)
  .refine((text) => {
    // Runs beside the check that it is an address at all.
    if (!URL.canParse(text)) return true;
    const { port, username, password } = new URL(text);
    return (port === "" || port === "8443") && username === "" && password === "";
  }, "must use port 443 or 8443 and hold no user name or password");

/** What is chosen when an endpoint is made. */
export const endpointInputSchema = z.strictObject({
  url,
  description: plainText(500).default(""),
  events: z.array(z.enum(SUBSCRIBABLE_EVENTS)).min(1).max(SUBSCRIBABLE_EVENTS.length).default([...DEFAULT_EVENTS]),
});

/** See {@link endpointInputSchema}. */
export type EndpointInput = z.output<typeof endpointInputSchema>;

/** What can be changed later. `state: "enabled"` switches a disabled endpoint on again. */
export const endpointPatchSchema = z.strictObject({
  id: idSchema("endpoint"),
  url: url.optional(),
  description: plainText(500).optional(),
  events: z.array(z.enum(SUBSCRIBABLE_EVENTS)).min(1).max(SUBSCRIBABLE_EVENTS.length).optional(),
  state: z.enum(["enabled", "disabled"]).optional(),
});

/** An endpoint as its owner sees it. */
export const endpointSchema = z
  .object({
    id: idSchema("endpoint"),
    object: z.literal("webhook_endpoint"),
    url: z.string(),
    description: z.string(),
    events: z.array(z.enum(SUBSCRIBABLE_EVENTS)),
    state: z.enum(["enabled", "disabled"]),
    disabled_reason: z.enum(["owner", "gone", "failing"]).nullable(),
    failing_since: moment.nullable(),
    created_at: moment,
  })
  .meta({ id: "WebhookEndpoint" });

/** See {@link endpointSchema}. */
export type Endpoint = z.infer<typeof endpointSchema>;

/** An endpoint just made or rotated: the only answers that hold the secret. */
export const newEndpointSchema = endpointSchema.extend({ secret: z.string().meta({ description: "Shown once: `whsec_` and base64." }) });

/** A message with its attempts. */
export const messageSchema = z
  .object({
    id: idSchema("message"),
    object: z.literal("webhook_delivery"),
    endpoint_id: idSchema("endpoint").nullable(),
    url: z.string(),
    type: z.enum(WEBHOOK_EVENT_TYPES),
    job_id: idSchema("job").nullable(),
    state: z.enum(MESSAGE_STATES),
    next_at: moment.nullable(),
    created_at: moment,
    attempts: z.array(
      z.object({
        n: z.int(),
        started_at: moment,
        ms: z.int().nullable(),
        outcome: z.enum(ATTEMPT_OUTCOMES),
        status: z.int().nullable(),
        response: z.string().nullable(),
        error: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: "WebhookDelivery" });

/** See {@link messageSchema}. */
export type Message = z.infer<typeof messageSchema>;
