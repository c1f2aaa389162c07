import { sql } from "drizzle-orm";
import type { z } from "zod";
import { rows, type Db } from "../db.ts";
import { ApiError } from "../errors.ts";
import { newId, type Id } from "../ids.ts";
import { LIMITS } from "../limits.ts";
import type { Endpoint, EndpointInput, endpointPatchSchema } from "./contract.ts";
import { newWebhookSecret } from "./secret.ts";

interface EndpointRow extends Record<string, unknown> {
  endpoint: Omit<Endpoint, "object">;
}

const present = ({ endpoint }: EndpointRow): Endpoint => ({
  id: endpoint.id,
  object: "webhook_endpoint",
  url: endpoint.url,
  description: endpoint.description,
  events: endpoint.events,
  state: endpoint.state,
  disabled_reason: endpoint.disabled_reason,
  failing_since: endpoint.failing_since === null ? null : new Date(endpoint.failing_since).toISOString(),
  created_at: new Date(endpoint.created_at).toISOString(),
});

const missing = (id: string) => new ApiError("not_found", `There is no webhook endpoint ${id} in this account.`);

/** Adds an address and queues a signed `endpoint.ping` to it. Throws `conflict` at the limit. */
export const createEndpoint = async (db: Db, accountId: Id<"account">, input: EndpointInput): Promise<Endpoint & { secret: string }> => {
  const secret = newWebhookSecret();
  const id = newId("endpoint");
  const [row] = await rows<EndpointRow>(
    db,
    sql`
    insert into webhook_endpoints (id, account_id, url, description, events, secret)
    select ${id}, ${accountId}, ${input.url}, ${input.description}, ${JSON.stringify(input.events)}::jsonb, ${secret}
    where (select count(*) from webhook_endpoints where account_id = ${accountId} and deleted_at is null) < ${LIMITS.endpointsPerAccount}
    returning to_jsonb(webhook_endpoints) as endpoint`,
  );
  if (row === undefined) throw new ApiError("conflict", `An account has at most ${LIMITS.endpointsPerAccount} webhook endpoints: delete one first.`);
  await pingEndpoint(db, accountId, id);
  return { ...present(row), secret };
};

/** The account's endpoints, newest first. */
export const listEndpoints = async (db: Db, accountId: Id<"account">): Promise<Endpoint[]> =>
  (
    await rows<EndpointRow>(
      db,
      sql`
      select to_jsonb(webhook_endpoints) as endpoint from webhook_endpoints
      where account_id = ${accountId} and deleted_at is null order by created_at desc, id desc`,
    )
  ).map(present);

/** One endpoint. Throws `not_found`. */
export const getEndpoint = async (db: Db, accountId: Id<"account">, id: Id<"endpoint">): Promise<Endpoint> => {
  const [row] = await rows<EndpointRow>(
    db,
    sql`
    select to_jsonb(webhook_endpoints) as endpoint from webhook_endpoints
    where id = ${id} and account_id = ${accountId} and deleted_at is null`,
  );
  if (row === undefined) throw missing(id);
  return present(row);
};

/** Changes an endpoint. Enabling forgets past failures. Throws `not_found`. */
export const updateEndpoint = async (db: Db, accountId: Id<"account">, patch: z.output<typeof endpointPatchSchema>): Promise<Endpoint> => {
  const state = patch.state ?? null;
  const [row] = await rows<EndpointRow>(
    db,
    sql`
    update webhook_endpoints set url = coalesce(${patch.url ?? null}::text, url), description = coalesce(${patch.description ?? null}::text, description),
      events = coalesce(${patch.events === undefined ? null : JSON.stringify(patch.events)}::jsonb, events),
      state = coalesce(${state}::text, state),
      disabled_reason = case ${state}::text when 'disabled' then 'owner' when 'enabled' then null else disabled_reason end,
      failing_since = case ${state}::text when 'enabled' then null else failing_since end,
      last_failure_at = case ${state}::text when 'enabled' then null else last_failure_at end,
      warned_at = case ${state}::text when 'enabled' then null else warned_at end
    where id = ${patch.id} and account_id = ${accountId} and deleted_at is null
    returning to_jsonb(webhook_endpoints) as endpoint`,
  );
  if (row === undefined) throw missing(patch.id);
  return present(row);
};

/** Takes an address away; nothing more is sent to it. Throws `not_found`. */
export const deleteEndpoint = async (db: Db, accountId: Id<"account">, id: Id<"endpoint">): Promise<void> => {
  const gone = await rows(
    db,
    sql`
    with gone as (
      update webhook_endpoints set deleted_at = now(), state = 'disabled', disabled_reason = 'owner'
      where id = ${id} and account_id = ${accountId} and deleted_at is null returning id
    ),
    dropped as (update webhook_messages set state = 'dropped' from gone where endpoint_id = gone.id and webhook_messages.state = 'pending')
    select id from gone`,
  );
  if (gone.length === 0) throw missing(id);
};

/** A new signing secret; the old one signs beside it for `overlapS`. Throws `not_found`. */
export const rotateEndpointSecret = async (db: Db, accountId: Id<"account">, id: Id<"endpoint">, overlapS: number): Promise<Endpoint & { secret: string }> => {
  const secret = newWebhookSecret();
  const [row] = await rows<EndpointRow>(
    db,
    sql`
    update webhook_endpoints set previous_secret = secret, previous_secret_until = now() + ${overlapS} * interval '1 second', secret = ${secret}
    where id = ${id} and account_id = ${accountId} and deleted_at is null
    returning to_jsonb(webhook_endpoints) as endpoint`,
  );
  if (row === undefined) throw missing(id);
  return { ...present(row), secret };
};

/** Queues a signed `endpoint.ping`. Returns its message's id. */
export const pingEndpoint = async (db: Db, accountId: Id<"account">, id: Id<"endpoint">): Promise<Id<"message">> => {
  const messageId = newId("message");
  const queued = await rows(
    db,
    sql`
    insert into webhook_messages (id, account_id, endpoint_id, type, data)
    select ${messageId}, account_id, id, 'endpoint.ping', jsonb_build_object('endpoint_id', id)
    from webhook_endpoints where id = ${id} and account_id = ${accountId} and deleted_at is null
    returning id`,
  );
  if (queued.length === 0) throw missing(id);
  return messageId;
};
