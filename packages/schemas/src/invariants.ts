import { sql, type SQL } from "drizzle-orm";
import { rows, type Db } from "./db.ts";

/** A rule that must hold at any moment: its query returns one row per violation. */
interface Invariant {
  readonly id: string;
  readonly rule: string;
  readonly violations: SQL;
}

const TERMINAL = sql.raw(`('succeeded', 'failed', 'canceled', 'expired')`);

/** The invariants that the database alone can tell. What needs the outside (I7's objects, I8's readers) the fault tests' oracle checks. */
export const INVARIANTS: readonly Invariant[] = [
  {
    id: "I1",
    rule: "an open job is past its finish_by by at most 60 s",
    violations: sql`select id from jobs where state not in ${TERMINAL} and finish_by < now() - interval '60 seconds'`,
  },
  {
    id: "I1b",
    rule: "a waiting job has a bell or was rung",
    violations: sql`
      select id from jobs where state = 'queued' and run_after < now() - interval '10 minutes' and rung_at < now() - greatest(interval '10 minutes', 2 * (now() - created_at))
        and not exists (select 1 from outbox where outbox.job_id = jobs.id)`,
  },
  {
    id: "I2",
    rule: "an ended job has exactly one terminal event, an open one none",
    violations: sql`
      select j.id from jobs j left join job_events e on e.job_id = j.id and e.terminal group by j.id
      having count(e.*) <> case when j.state in ${TERMINAL} then 1 else 0 end`,
  },
  {
    id: "I2b",
    rule: "the events of a job are its versions 1..n without a gap, and the last one is the job's",
    violations: sql`
      select j.id from jobs j left join job_events e on e.job_id = j.id group by j.id
      having max(e.version) is distinct from j.version
        or (j.state not in ${TERMINAL} and count(e.*) <> j.version)`,
  },
  {
    id: "I3",
    rule: "one reserve per job, one outcome per ended job: capture when it succeeded, release otherwise",
    violations: sql`
      select j.id from jobs j left join ledger l on l.job_id = j.id group by j.id
      having count(*) filter (where l.kind = 'reserve') <> 1
        or count(*) filter (where l.kind = 'capture') <> case when j.state = 'succeeded' then 1 else 0 end
        or count(*) filter (where l.kind = 'release') <> case when j.state in ('failed', 'canceled', 'expired') then 1 else 0 end`,
  },
  {
    id: "I3b",
    rule: "an account's balance is the sum of its ledger",
    violations: sql`
      select a.id from accounts a left join ledger l on l.account_id = a.id group by a.id having a.balance <> coalesce(sum(l.amount), 0)`,
  },
  {
    id: "I3c",
    rule: "a job's entries are of its account and its price: reserved in full, given back in full, captured without moving money again",
    violations: sql`
      select j.id from ledger l join jobs j on j.id = l.job_id
      where l.account_id <> j.account_id or l.price <> j.price
        or l.amount <> case l.kind when 'reserve' then -j.price when 'release' then j.price else 0 end`,
  },
  {
    id: "I4",
    rule: "claims are numbered 1..fence, and only the last can be open",
    violations: sql`
      select j.id from jobs j left join job_attempts t on t.job_id = j.id group by j.id
      having count(t.*) <> j.fence or coalesce(max(t.fence), 0) <> j.fence
        or count(*) filter (where t.job_id is not null and t.ended_at is null and (t.fence < j.fence or j.state <> 'running')) > 0`,
  },
  {
    id: "I5",
    rule: "a lease belongs to a running job, and a running job has one",
    violations: sql`select id from jobs where (state = 'running') <> (lease_until is not null) or (state = 'running') <> (lease_owner is not null)`,
  },
  {
    id: "I6",
    rule: "an idempotency key stands for a create of the same account",
    violations: sql`
      select i.key from idempotency i
      where not exists (select 1 from jobs where id = i.resource_id and account_id = i.account_id)
        and not exists (select 1 from matrices where id = i.resource_id and account_id = i.account_id)
        and i.expires_at > now()`,
  },
  {
    id: "I7",
    rule: "exactly the succeeded jobs have a result, and every picture in it was made by one of the job's own claims",
    violations: sql`
      select id from jobs where (state = 'succeeded') <> (result is not null)
      union all
      select j.id from jobs j, jsonb_array_elements(j.result -> 'images') as image
      where image ->> 'key' not like 'out/' || j.id || '/' || j.fence || '/%'`,
  },
  {
    id: "I9",
    rule: "a job that was asked to end before it ended is canceled",
    violations: sql`select id from jobs where cancel_requested_at is not null and state in ('succeeded', 'failed', 'expired')`,
  },
  {
    id: "I10",
    rule: "a subscribed address has a message for every ending, and none is given up before its schedule is over",
    violations: sql`
      select m.id from webhook_messages m
      where m.state = 'exhausted' and m.attempts - m.schedule_base < 10
        and not exists (select 1 from webhook_attempts a where a.message_id = m.id and a.status = 410)
      union all
      select j.id from jobs j
      where j.webhook_url is not null and j.state in ${TERMINAL} and j.webhook_events @> to_jsonb('job.' || j.state)
        and not exists (select 1 from webhook_messages m where m.job_id = j.id and m.version = j.version and m.endpoint_id is null)`,
  },
  {
    id: "I11",
    rule: "attempts of a message are numbered 1..n, one at a time",
    violations: sql`
      select m.id from webhook_messages m left join webhook_attempts a on a.message_id = m.id group by m.id
      having count(a.*) <> m.attempts or coalesce(max(a.n), 0) <> m.attempts
        or count(*) filter (where a.outcome = 'running' and a.n < m.attempts) > 0
      union all
      select a.message_id from webhook_attempts a join webhook_attempts b on b.message_id = a.message_id and b.n = a.n + 1 where b.started_at < a.ended_at`,
  },
  {
    id: "I12",
    rule: "no attempt with older news of a job begins after newer news arrived",
    violations: sql`
      select old.id from webhook_messages old
      join webhook_messages newer on newer.job_id = old.job_id and newer.endpoint_id is not distinct from old.endpoint_id and newer.version > old.version
      join webhook_attempts said on said.message_id = newer.id and said.outcome = 'ok'
      join webhook_attempts late on late.message_id = old.id and late.started_at > said.ended_at
      where old.schedule_base = 0`,
  },
  {
    id: "I13",
    rule: "events and webhooks of a job belong to its account, and go to addresses of that account",
    violations: sql`
      select e.job_id from job_events e join jobs j on j.id = e.job_id where e.account_id <> j.account_id
      union all
      select m.id from webhook_messages m join jobs j on j.id = m.job_id where m.account_id <> j.account_id
      union all
      select m.id from webhook_messages m join webhook_endpoints e on e.id = m.endpoint_id where m.account_id <> e.account_id`,
  },
  {
    id: "I14",
    rule: "a job has at most 32 events, of which a bounded number are attempts",
    violations: sql`select id from jobs where version > 32 or fence > 16`,
  },
  {
    id: "I14b",
    rule: "at most 16 KiB of a receiver's answer are kept",
    violations: sql`select message_id from webhook_attempts where length(response) > 16384`,
  },
];

/** A rule that does not hold, with the ids of up to ten offenders. */
export interface Violation {
  readonly id: string;
  readonly rule: string;
  readonly offenders: readonly string[];
}

/** Checks every invariant; an empty list means that all hold. */
export const checkInvariants = async (db: Db): Promise<Violation[]> => {
  const broken: Violation[] = [];
  for (const { id, rule, violations } of INVARIANTS) {
    const offenders = (await rows<Record<string, string>>(db, sql`select * from (${violations}) as violations limit 10`)).map((row) => Object.values(row)[0] ?? "");
    if (offenders.length > 0) broken.push({ id, rule, offenders });
  }
  return broken;
};
