import { sql } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import { ApiError } from "../errors.ts";
import type { Id } from "../ids.ts";
import { readCursor, toPage, type Page } from "../page.ts";
import type { Message, MessageState } from "./contract.ts";

interface MessageRow extends Record<string, unknown> {
  message: {
    id: Id<"message">;
    endpoint_id: Id<"endpoint"> | null;
    address: string;
    type: Message["type"];
    job_id: Id<"job"> | null;
    state: MessageState;
    next_at: string;
    created_at: string;
    tries: { n: number; started_at: string; ended_at: string | null; outcome: Message["attempts"][number]["outcome"]; status: number | null; response: string | null; error: string | null }[] | null;
  };
}

const present = ({ message }: MessageRow): Message => ({
  id: message.id,
  object: "webhook_delivery",
  endpoint_id: message.endpoint_id,
  url: message.address,
  type: message.type,
  job_id: message.job_id,
  state: message.state,
  next_at: message.state === "pending" ? new Date(message.next_at).toISOString() : null,
  created_at: new Date(message.created_at).toISOString(),
  attempts: (message.tries ?? []).map(({ ended_at, started_at, ...attempt }) => ({
    ...attempt,
    n: attempt.n,
    started_at: new Date(started_at).toISOString(),
    ms: ended_at === null ? null : Math.max(0, Date.parse(ended_at) - Date.parse(started_at)),
    outcome: attempt.outcome,
  })),
});

const COLUMNS = sql`
  jsonb_build_object('id', m.id, 'endpoint_id', m.endpoint_id, 'address', coalesce(m.url, e.url), 'type', m.type, 'job_id', m.job_id,
    'state', m.state, 'next_at', m.next_at, 'created_at', m.created_at,
    'tries', (select jsonb_agg(jsonb_build_object('n', a.n, 'started_at', a.started_at, 'ended_at', a.ended_at, 'outcome', a.outcome,
        'status', a.status, 'response', a.response, 'error', a.error) order by a.n) from webhook_attempts a where a.message_id = m.id)) as message
  from webhook_messages m left join webhook_endpoints e on e.id = m.endpoint_id`;

/** The account's deliveries with their attempts, newest first. */
export const listMessages = async (
  db: Db,
  accountId: Id<"account">,
  page: { limit: number; cursor?: string | undefined; endpoint?: Id<"endpoint"> | undefined; state?: MessageState | undefined; job?: Id<"job"> | undefined },
): Promise<Page<Message>> => {
  const from = readCursor(page.cursor);
  const conditions = [
    sql`m.account_id = ${accountId}`,
    ...(from === null ? [] : [sql`(m.created_at, m.id) < (${from.at}::timestamptz, ${from.id})`]),
    ...(page.endpoint === undefined ? [] : [sql`m.endpoint_id = ${page.endpoint}`]),
    ...(page.state === undefined ? [] : [sql`m.state = ${page.state}`]),
    ...(page.job === undefined ? [] : [sql`m.job_id = ${page.job}`]),
  ];
  const found = await rows<MessageRow>(
    db,
    sql`select ${COLUMNS} where ${sql.join(conditions, sql` and `)} order by m.created_at desc, m.id desc limit ${page.limit + 1}`,
  );
  return toPage(found, page.limit, ({ message }) => ({ at: message.created_at, id: message.id }), present);
};

/** One delivery. Throws `not_found`. */
export const getMessage = async (db: Db, accountId: Id<"account">, id: Id<"message">): Promise<Message> => {
  const [row] = await rows<MessageRow>(db, sql`select ${COLUMNS} where m.id = ${id} and m.account_id = ${accountId}`);
  if (row === undefined) throw new ApiError("not_found", `There is no webhook delivery ${id} in this account.`);
  return present(row);
};

/** Sends a message again, same id and bytes, with the schedule from its start. Throws `not_found`, or `conflict` while it is pending. */
export const redeliver = async (db: Db, accountId: Id<"account">, id: Id<"message">): Promise<Message> => {
  const again = await rows(
    db,
    sql`
    update webhook_messages set state = 'pending', schedule_base = attempts, next_at = now(), lease_until = null
    where id = ${id} and account_id = ${accountId} and state <> 'pending'
      and (endpoint_id is null or exists (select 1 from webhook_endpoints e where e.id = endpoint_id and e.deleted_at is null))
    returning id`,
  );
  const message = await getMessage(db, accountId, id);
  if (again.length === 0) throw new ApiError("conflict", message.state === "pending" ? `Delivery ${id} is already waiting to be sent.` : `The endpoint of ${id} was deleted.`);
  return message;
};

/** Sends again every message of an endpoint that was not delivered since `since`. Returns how many. */
export const replayEndpoint = async (db: Db, accountId: Id<"account">, id: Id<"endpoint">, since: string): Promise<number> => {
  const again = await rows(
    db,
    sql`
    update webhook_messages set state = 'pending', schedule_base = attempts, next_at = now(), lease_until = null
    where account_id = ${accountId} and endpoint_id = ${id} and state in ('exhausted', 'dropped') and created_at >= ${since}::timestamptz
    returning id`,
  );
  return again.length;
};
