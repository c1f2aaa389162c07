import { sql } from "drizzle-orm";
import type { KeyMode } from "../api-key.ts";
import { rows, sqlState, type Db } from "../db.ts";
import { ApiError } from "../errors.ts";
import type { Id } from "../ids.ts";
import { LIMITS } from "../limits.ts";
import { uploadsOf } from "../style/resolve.ts";
import { isReadable, requireUploads } from "../upload/manage.ts";
import type { JobKind, StoredRequest } from "./contract.ts";
import type { JobRow } from "./row.ts";

/** Work to be queued by one create: one job, or the cells of a matrix. */
export interface NewJobs {
  readonly accountId: Id<"account">;
  readonly keyId: Id<"key"> | null;
  /** Pictures when left out. */
  readonly kind?: JobKind;
  readonly mode: KeyMode;
  /** Set by the caller, one per logical create; the same key and hash find the same jobs again. */
  readonly idempotency: { readonly key: string; readonly requestHash: string } | null;
  readonly jobs: readonly { readonly id: Id<"job">; readonly request: StoredRequest; readonly price: number }[];
  readonly matrix: { readonly id: Id<"matrix">; readonly axes: { references: number; prompts: number; strengths: number }; readonly request: unknown } | null;
  readonly retryOf: Id<"job"> | null;
  readonly metadata: Record<string, string>;
  readonly webhook: { readonly url: string; readonly events: readonly string[] } | null;
  readonly startWithinS: number;
  readonly finishWithinS: number;
  /** Null: kept until deleted. */
  readonly retentionS: number | null;
  readonly requestId: string;
  readonly traceparent: string | null;
  /** How long the relay leaves the bell alone, so that the creator can ring it at once. */
  readonly bellDelayS: number;
}

/** What a create found: new jobs, or those of an earlier create with the same key, as they stood when they were new. */
export interface Created {
  readonly replayed: boolean;
  readonly jobs: readonly JobRow[];
}

const findReplay = async (db: Db, work: NewJobs): Promise<Created | undefined> => {
  if (work.idempotency === null) return undefined;
  const found = await rows<{ request_hash: string; job: JobRow | null; resource_id: string }>(
    db,
    sql`
    select i.request_hash, i.resource_id, e.body || jsonb_build_object('request', j.request) as job
    from idempotency i
    left join jobs j on (j.id = i.resource_id or j.matrix_id = i.resource_id)
    left join job_events e on e.job_id = j.id and e.version = 1
    where i.account_id = ${work.accountId} and i.key = ${work.idempotency.key} and i.expires_at > now()
    order by j.cell`,
  );
  const [first] = found;
  if (first === undefined) return undefined;
  if (first.request_hash !== work.idempotency.requestHash) {
    throw new ApiError("idempotency_mismatch", "This idempotency key was used with another request: take a new key for a new request.");
  }
  const jobs = found.flatMap(({ job }) => (job === null ? [] : [job]));
  if (jobs.length === 0) throw new ApiError("gone", `${first.resource_id}, made with this idempotency key, was deleted.`);
  return { replayed: true, jobs };
};

/**
 * T0: queues jobs in one statement: pictures looked at, idempotency key, price reserved, rows, first events, bells. All of it or nothing.
 *
 * Throws `invalid_input` for a picture that the account may not read, `insufficient_credit`, `queue_full`, `idempotency_mismatch`, and
 * `idempotency_in_flight` or `overloaded` when the connection's lock timeout passes first.
 */
export const createJobs = async (db: Db, work: NewJobs): Promise<Created> => {
  const resourceId = work.matrix?.id ?? work.jobs[0]?.id;
  if (resourceId === undefined) throw new ApiError("invalid_input", "A create needs at least one job.");
  const specs = JSON.stringify(work.jobs.map(({ id, request, price }, cell) => ({ id, request, price, cell })));
  const uploads = [...new Set(work.jobs.flatMap(({ request }) => uploadsOf(request.references)))];
  const price = work.jobs.reduce((sum, job) => sum + job.price, 0);
  const statement = sql`
    with spec as (
      select * from jsonb_to_recordset(${specs}::jsonb) as s(id text, request jsonb, price int, cell int)
    ),
    room as (
      select a.id from accounts a
      where a.id = ${work.accountId} and a.deleted_at is null and ${work.jobs.length} <= a.queued_limit - (
        select count(*) from (select 1 from jobs q where q.account_id = a.id and q.state = 'queued' limit a.queued_limit) as waiting)
        and ${uploads.length} = (select count(*) from uploads where id in (select jsonb_array_elements_text(${JSON.stringify(uploads)}::jsonb)) and ${isReadable(work.accountId)})
    ),
    mine as (
      insert into idempotency (account_id, key, request_hash, resource_id, expires_at)
      select room.id, ${work.idempotency?.key ?? ""}, ${work.idempotency?.requestHash ?? ""}, ${resourceId}, now() + ${LIMITS.idempotencyHours} * interval '1 hour'
      from room where ${work.idempotency !== null}
      on conflict (account_id, key) do update
        set request_hash = excluded.request_hash, resource_id = excluded.resource_id, expires_at = excluded.expires_at
        where idempotency.expires_at <= now()
      returning account_id
    ),
    paid as (
      update accounts set balance = balance - ${price}
      where id in (select id from room) and (${work.idempotency === null} or exists (select 1 from mine))
      returning id
    ),
    whole as (
      insert into matrices (id, account_id, axes, request)
      select ${work.matrix?.id ?? ""}, paid.id, ${JSON.stringify(work.matrix?.axes ?? null)}::jsonb, ${JSON.stringify(work.matrix?.request ?? null)}::jsonb
      from paid where ${work.matrix !== null}
    ),
    made as (
      insert into jobs (id, account_id, key_id, kind, mode, state, phase, tries_left, start_by, finish_by, request, price, matrix_id, cell,
        retry_of, metadata, webhook_url, webhook_events, request_id, traceparent, retention_s)
      select spec.id, paid.id, ${work.keyId}, ${work.kind ?? "picture"}, ${work.mode}, 'queued', 'waiting', ${LIMITS.triesPerJob},
        now() + ${work.startWithinS} * interval '1 second', now() + ${work.finishWithinS} * interval '1 second', spec.request, spec.price,
        ${work.matrix?.id ?? null}, case when ${work.matrix !== null} then spec.cell end, ${work.retryOf},
        ${JSON.stringify(work.metadata)}::jsonb, ${work.webhook?.url ?? null},
        ${work.webhook === null ? null : JSON.stringify(work.webhook.events)}::jsonb, ${work.requestId}, ${work.traceparent}, ${work.retentionS}
      from spec, paid
      returning *
    ),
    event as (
      insert into job_events (job_id, version, account_id, type, terminal, body)
      select id, version, account_id, 'job.queued', false, to_jsonb(made) - 'request' from made
    ),
    money as (
      insert into ledger (account_id, job_id, kind, amount, price) select account_id, id, 'reserve', -price, price from made
    ),
    bell as (
      insert into outbox (job_id, traceparent, not_before)
      select id, traceparent, now() + ${work.bellDelayS} * interval '1 second' from made
    )
    select (select count(*) from room)::int as room, (select queued_limit from accounts where id = ${work.accountId}) as queued_limit, (select jsonb_agg(to_jsonb(made) order by made.cell) from made) as jobs`;

  let outcome;
  try {
    [outcome] = await rows<{ room: number; queued_limit: number | null; jobs: JobRow[] | null }>(db, statement);
  } catch (cause) {
    const state = sqlState(cause);
    if (state?.constraint === "accounts_balance_not_negative") {
      // A replay needs no credits: the first create may have spent the last of them.
      const replay = await findReplay(db, work);
      if (replay !== undefined) return replay;
      throw new ApiError("insufficient_credit", `This costs ${price} credits, and the account has fewer.`, { cause });
    }
    if (state?.code === "55P03") {
      if (state.where.includes("idempotency")) throw new ApiError("idempotency_in_flight", undefined, { cause, retryAfterS: 1 });
      throw new ApiError("overloaded", "Too many creates at once for this account.", { cause, retryAfterS: 1 });
    }
    throw cause;
  }
  if (outcome?.jobs != null) return { replayed: false, jobs: outcome.jobs };
  const replay = await findReplay(db, work);
  if (replay !== undefined) return replay;
  await requireUploads(db, work.accountId, uploads);
  if (outcome?.room === 0) throw new ApiError("queue_full", undefined, { retryAfterS: 5, quota: { name: "queued", max: outcome.queued_limit ?? 0 } });
  throw new ApiError("idempotency_in_flight", undefined, { retryAfterS: 1 });
};
