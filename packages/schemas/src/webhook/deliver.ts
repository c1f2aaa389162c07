import { sql, type SQL } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import type { Id } from "../ids.ts";
import type { JobRow } from "../job/row.ts";
import type { WebhookEventType } from "./contract.ts";

/** A message taken for one attempt: number `n` is already written down as running. */
export interface Delivery {
  readonly id: Id<"message">;
  readonly n: number;
  /** Attempts in this run of the schedule, this one included. */
  readonly attempt: number;
  readonly accountId: Id<"account">;
  readonly endpointId: Id<"endpoint"> | null;
  readonly url: string;
  /** The secrets to sign with: the endpoint's (and, after a rotation, its old one), or the account's. */
  readonly secrets: readonly string[];
  readonly type: WebhookEventType;
  readonly createdAt: string;
  /** The bytes to send, once fixed by an earlier attempt. */
  readonly body: string | null;
  /** What to make the body from: the job as it stood (and the prompt it was made with), or the event's own data. */
  readonly content: { readonly kind: "job"; readonly job: JobRow; readonly prompt: string } | { readonly kind: "data"; readonly data: unknown };
}

/** How many messages of one endpoint are on their way at once. One that failed last time gets one, until it takes it: silence is long. */
const PER_ENDPOINT = 4;
/** Longer than an attempt may take, so that a lease that ran out means a dispatcher that died. */
const LEASE_S = 30;

/** Whether newer news of its job waits or was delivered, where `message` would go. A message that its owner sends again is exempt. Both forms have an index. */
const isOld = (message: SQL): SQL => sql`(${message}.schedule_base = 0 and ${message}.job_id is not null and (
  exists (select 1 from webhook_messages newer where newer.job_id = ${message}.job_id and newer.endpoint_id = ${message}.endpoint_id
    and newer.version > ${message}.version and newer.state in ('pending', 'delivered'))
  or (${message}.endpoint_id is null and exists (select 1 from webhook_messages newer where newer.job_id = ${message}.job_id and newer.endpoint_id is null
    and newer.version > ${message}.version and newer.state in ('pending', 'delivered')))))`;

/**
 * Takes up to `limit` due messages, a few of each endpoint, so that none waits behind another's backlog. Attempts left running by a
 * dispatcher that died become `unknown`. Older news of a job than what is already waiting or delivered is superseded.
 */
export const takeMessages = async (db: Db, limit: number): Promise<Delivery[]> => {
  await db.execute(sql`
    update webhook_messages as old set state = 'superseded'
    where old.state = 'pending' and old.next_at <= now() and (old.lease_until is null or old.lease_until < now()) and ${isOld(sql`old`)}`);
  // What became due since then is looked at again: it may be old too.
  const taken = await rows<{
    id: Id<"message">;
    n: number;
    attempt: number;
    account_id: Id<"account">;
    endpoint_id: Id<"endpoint"> | null;
    url: string;
    secrets: (string | null)[];
    type: WebhookEventType;
    created_at: string;
    body: string | null;
    job: JobRow | null;
    prompt: string | null;
    data: unknown;
  }>(
    db,
    sql`
    with busy as (
      select endpoint_id, count(*) as n from webhook_messages where state = 'pending' and lease_until > now() group by endpoint_id
    ),
    due as (
      select distinct endpoint_id from webhook_messages where state = 'pending' and next_at <= now() and endpoint_id is not null
    ),
    candidates as (
      select few.id, few.next_at
      from due join webhook_endpoints e on e.id = due.endpoint_id and e.state = 'enabled' and e.deleted_at is null
      left join busy on busy.endpoint_id = e.id
      cross join lateral (
        select m.id, m.next_at from webhook_messages m
        where m.endpoint_id = e.id and m.state = 'pending' and m.next_at <= now() and (m.lease_until is null or m.lease_until < now()) and not ${isOld(sql`m`)}
        order by m.next_at limit greatest(0, case when e.failing_since is null then ${PER_ENDPOINT} else 1 end - coalesce(busy.n, 0))) as few
      union all
      (select m.id, m.next_at from webhook_messages m
        where m.endpoint_id is null and m.state = 'pending' and m.next_at <= now() and (m.lease_until is null or m.lease_until < now()) and not ${isOld(sql`m`)}
        order by m.next_at limit ${limit})
      order by next_at limit ${limit}
    ),
    locked as (
      select id from webhook_messages where id in (select id from candidates) and state = 'pending' and (lease_until is null or lease_until < now())
      for update skip locked
    ),
    died as (
      update webhook_attempts set outcome = 'unknown', ended_at = now() from locked where message_id = locked.id and outcome = 'running'
    ),
    taken as (
      update webhook_messages m set attempts = m.attempts + 1, lease_until = now() + ${LEASE_S} * interval '1 second'
      from locked where m.id = locked.id returning m.*
    ),
    begun as (
      insert into webhook_attempts (message_id, n, outcome) select id, attempts, 'running' from taken
    )
    select taken.id, taken.attempts as n, taken.attempts - taken.schedule_base as attempt, taken.account_id, taken.endpoint_id,
      coalesce(taken.url, e.url) as url, taken.type, to_jsonb(taken.created_at) #>> '{}' as created_at, taken.body, taken.data,
      jsonb_build_array(coalesce(e.secret, a.webhook_secret), case when e.previous_secret_until > now() then e.previous_secret end) as secrets,
      ev.body as job, j.request ->> 'prompt' as prompt
    from taken
    join accounts a on a.id = taken.account_id
    left join webhook_endpoints e on e.id = taken.endpoint_id
    left join job_events ev on ev.job_id = taken.job_id and ev.version = taken.version
    left join jobs j on j.id = taken.job_id`,
  );
  return taken.map((row) => ({
    id: row.id,
    n: row.n,
    attempt: row.attempt,
    accountId: row.account_id,
    endpointId: row.endpoint_id,
    url: row.url,
    secrets: row.secrets.filter((secret) => secret !== null),
    type: row.type,
    createdAt: new Date(row.created_at).toISOString(),
    body: row.body,
    content: row.job === null ? { kind: "data", data: row.data } : { kind: "job", job: row.job, prompt: row.prompt ?? "" },
  }));
};

/** Fixes the bytes of a message and returns those that count: the first ones ever fixed. */
export const fixBody = async (db: Db, id: Id<"message">, body: string): Promise<string> => {
  const [row] = await rows<{ body: string }>(db, sql`update webhook_messages set body = coalesce(body, ${body}) where id = ${id} returning body`);
  return row?.body ?? body;
};

/** How an attempt ended and what follows. */
export interface AttemptReport {
  readonly id: Id<"message">;
  readonly n: number;
  readonly outcome: "ok" | "failed" | "timeout" | "refused";
  readonly status: number | null;
  readonly response: string | null;
  readonly error: string | null;
  /** Seconds to the next attempt; null when there is none. */
  readonly retryInS: number | null;
  /** The receiver said that the address is gone (410). */
  readonly gone: boolean;
}

/** The rule that switches a failing endpoint off: only failures for this long. Its owner is warned at half of it. */
export const DISABLE_AFTER_DAYS = 5;

/**
 * Records the end of an attempt, schedules the next, and keeps the endpoint's health: warned at half of
 * {@link DISABLE_AFTER_DAYS}, disabled at all of it or at once when gone; both tell the account's other endpoints that subscribed.
 * Writes nothing when the attempt was already given up as `unknown`.
 */
export const reportAttempt = async (db: Db, report: AttemptReport): Promise<void> => {
  const ok = report.outcome === "ok";
  const over = report.retryInS === null || report.gone;
  // The endpoint is locked before any message: reports of one endpoint that come in together take turns instead of waiting for each other.
  await db.execute(sql`
    with before as (
      select e.*, ${report.gone} or (not ${ok} and e.failing_since < now() - ${DISABLE_AFTER_DAYS} * interval '1 day') as disables
      from webhook_endpoints e where e.id = (select endpoint_id from webhook_messages where id = ${report.id})
      for no key update of e
    ),
    ended as (
      update webhook_attempts set ended_at = now(), outcome = ${report.outcome}, status = ${report.status}, response = ${report.response}, error = ${report.error}
      where (select count(*) from before) >= 0 and message_id = ${report.id} and n = ${report.n} and outcome = 'running' returning message_id
    ),
    message as (
      update webhook_messages m set lease_until = null, next_at = now() + ${report.retryInS ?? 0} * interval '1 second',
        state = case when ${ok} then 'delivered' when m.state <> 'pending' then m.state when ${over} then 'exhausted'
          when exists (select 1 from before where disables) then 'dropped' else 'pending' end
      from ended where m.id = ended.message_id and m.attempts = ${report.n}
      returning m.endpoint_id
    ),
    health as (
      update webhook_endpoints e set
        failing_since = case when ${ok} then null else coalesce(e.failing_since, now()) end,
        last_failure_at = case when ${ok} then null else now() end,
        warned_at = case when ${ok} then null
          when e.warned_at is null and e.failing_since < now() - ${DISABLE_AFTER_DAYS / 2} * interval '1 day' then now() else e.warned_at end,
        state = case when before.disables then 'disabled' else e.state end,
        disabled_reason = case when ${report.gone} then 'gone' when before.disables then 'failing' else e.disabled_reason end
      from before where e.id = before.id and exists (select 1 from message)
      returning e.id, e.account_id, e.state, e.disabled_reason, before.state as old_state, e.warned_at, before.warned_at as old_warned_at
    ),
    dropped as (
      update webhook_messages m set state = 'dropped' from health
      where m.endpoint_id = health.id and health.state = 'disabled' and health.old_state = 'enabled' and m.state = 'pending' and m.id <> ${report.id}
    ),
    news as (
      select id, account_id, disabled_reason, 'endpoint.disabled' as type from health where state = 'disabled' and old_state = 'enabled'
      union all
      select id, account_id, null, 'endpoint.failing' from health where state = 'enabled' and warned_at is not null and old_warned_at is null
    )
    insert into webhook_messages (id, account_id, endpoint_id, type, data)
    select new_id('msg'), news.account_id, other.id, news.type, jsonb_build_object('endpoint_id', news.id, 'reason', news.disabled_reason)
    from news join webhook_endpoints other on other.account_id = news.account_id and other.id <> news.id
    where other.state = 'enabled' and other.deleted_at is null and other.events @> to_jsonb(news.type)`);
};
