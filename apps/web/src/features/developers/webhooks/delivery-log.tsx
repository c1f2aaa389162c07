"use client";

import type { Endpoint, Id, Message, MessageState } from "@deadiff/schemas/contracts";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ChevronRight, Inbox, RotateCcw } from "lucide-react";
import { useState } from "react";
import { useTRPC, useTRPCClient } from "@/api/client";
import { explain } from "@/api/explain";
import { usePages } from "@/api/use-pages";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { cn } from "@/components/cn";
import { Select } from "@/components/select";
import { EmptyState, ErrorState, Skeleton } from "@/components/states";
import { note } from "@/shell/notes";
import { moment } from "../moment";

const PENDING_MS = 2500;
/** What jobs of others and programs send comes in by itself, too. */
const IDLE_MS = 8000;
const PAGE = 30;

const TONE: Readonly<Record<MessageState, "plain" | "accent" | "warn" | "danger">> = { pending: "warn", delivered: "accent", exhausted: "danger", superseded: "plain", dropped: "plain" };
const STATES = [
  { value: "all", label: "Every state" },
  { value: "pending", label: "Pending", note: "sent again later" },
  { value: "delivered", label: "Delivered" },
  { value: "exhausted", label: "Given up", note: "every try failed" },
  { value: "superseded", label: "Superseded", note: "newer news went out instead" },
  { value: "dropped", label: "Dropped", note: "its address went away" },
] as const;

/** Every message with its tries, newest first. */
export const DeliveryLog = ({ endpoints }: { readonly endpoints: readonly Endpoint[] }) => {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const [state, setState] = useState<(typeof STATES)[number]["value"]>("all");
  const [endpoint, setEndpoint] = useState<string>("all");
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = usePages({
    path: trpc.webhooks.deliveries.list.pathKey(),
    input: { limit: PAGE, ...(state === "all" ? {} : { state }), ...(endpoint === "all" ? {} : { endpoint: endpoint as Id<"endpoint"> }) },
    read: client.webhooks.deliveries.list.query,
    again: (shown) => (shown.some((message) => message.state === "pending") ? PENDING_MS : IDLE_MS),
  });
  const messages = data?.pages.flatMap((page) => page.data);
  // Where nothing can be sent, one empty page says enough.
  if (endpoints.length === 0 && state === "all" && (messages === undefined || messages.length === 0) && error === null) return null;
  return (
    <section className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 className="text-lg font-semibold">Deliveries</h2>
        <div className="flex flex-wrap gap-2">
          {endpoints.length > 1 && <Select label="Endpoint" className="w-56" value={endpoint} options={[{ value: "all", label: "Every endpoint" }, ...endpoints.map(({ id, url }) => ({ value: id, label: url.replace(/^https:\/\//, "").slice(0, 40) }))]} onChange={setEndpoint} />}
          <Select label="State" className="w-40" value={state} options={STATES} onChange={setState} />
        </div>
      </div>
      {messages === undefined ? (
        error === null ? <Skeleton className="h-40" /> : <ErrorState error={error} onRetry={() => void refetch()} />
      ) : messages.length === 0 ? (
        <EmptyState icon={<Inbox />} title="Nothing was sent yet">
          Messages appear here when jobs end, and when you send a ping.
        </EmptyState>
      ) : (
        <ul aria-label="Deliveries" className="divide-y overflow-hidden rounded-lg border bg-surface shadow-card">
          {messages.map((message) => (
            <Delivery key={message.id} message={message} />
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button className="justify-self-center" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Older ones
        </Button>
      )}
    </section>
  );
};

const outcomeOf = (message: Message): string => {
  const last = message.attempts.at(-1);
  if (last === undefined) return "not tried yet";
  return [last.status ?? last.outcome, last.ms === null ? null : `${last.ms} ms`].filter((part) => part !== null).join(" · ");
};

const Delivery = ({ message }: { readonly message: Message }) => {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const redeliver = useMutation(
    trpc.webhooks.deliveries.redeliver.mutationOptions({
      onSuccess: () => {
        note.success("It is sent again: same id, same bytes.");
        void queries.invalidateQueries({ queryKey: trpc.webhooks.deliveries.pathKey() });
      },
      onError: (error) => note.error(explain(error).title, { description: explain(error).advice }),
    }),
  );
  const count = message.attempts.length;
  return (
    <li>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className="grid w-full grid-cols-[auto_1fr_auto] items-center gap-x-3 gap-y-1 px-4 py-2.5 text-left hover:bg-hover focus-visible:-outline-offset-2 sm:grid-cols-[auto_7rem_9rem_1fr_9rem_7rem]">
        <ChevronRight aria-hidden className={cn("size-4 text-faint transition-transform", open && "rotate-90")} />
        <Badge tone={TONE[message.state]} className="justify-self-start">{message.state}</Badge>
        <span className="font-mono text-xs">{message.type}</span>
        <span className="col-span-3 truncate font-mono text-xs text-faint sm:col-span-1">{message.url}</span>
        <span className="col-span-2 text-xs text-muted tabular-nums sm:col-span-1">{outcomeOf(message)}</span>
        <time dateTime={message.created_at} className="text-right text-xs text-faint tabular-nums">{moment(message.created_at)}</time>
      </button>
      {open && (
        <div className="grid gap-3 border-t bg-ground px-4 py-3 sm:pl-11">
          <div className="flex flex-wrap items-center justify-between gap-3">
            <p className="font-mono text-xs text-faint">
              {message.id}
              {message.job_id !== null && ` · ${message.job_id}`}
            </p>
            <Button size="sm" disabled={message.state === "pending"} busy={redeliver.isPending} onClick={() => redeliver.mutate({ id: message.id })}>
              <RotateCcw aria-hidden /> Send again
            </Button>
          </div>
          <ol aria-label="Attempts" className="grid gap-2">
            {message.attempts.map((attempt) => (
              <li key={attempt.n} className="grid gap-1 rounded-md border bg-surface px-3 py-2">
                <p className="flex flex-wrap items-center gap-x-3 text-xs tabular-nums">
                  <span className="font-medium">Try {attempt.n}</span>
                  <span className={attempt.outcome === "ok" ? "text-accent-text" : attempt.outcome === "running" ? "text-muted" : "text-danger"}>{attempt.status ?? attempt.outcome}</span>
                  {attempt.ms !== null && <span className="text-faint">{attempt.ms} ms</span>}
                  <time dateTime={attempt.started_at} className="ml-auto text-faint">{moment(attempt.started_at)}</time>
                </p>
                {attempt.error !== null && <p className="text-xs text-danger">{attempt.error}</p>}
                {attempt.response !== null && attempt.response !== "" && <pre className="max-h-32 overflow-auto font-mono text-xs whitespace-pre-wrap text-muted">{attempt.response}</pre>}
              </li>
            ))}
          </ol>
          {count === 0 && <p className="text-xs text-faint">Not tried yet.</p>}
          {message.next_at !== null && <p className="text-xs text-faint">Tried again by itself at {moment(message.next_at)}.</p>}
        </div>
      )}
    </li>
  );
};
