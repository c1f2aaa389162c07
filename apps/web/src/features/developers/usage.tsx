"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "@/api/client";
import { ErrorState, Skeleton } from "@/components/states";

const DAYS = 30;
const DAY_MS = 86_400_000;

interface Day {
  readonly day: string;
  readonly jobs: number;
  readonly credits: number;
}

/** The last 30 days up to today (UTC), those without jobs included. */
const everyDay = (known: readonly Day[], nowMs: number): readonly Day[] => {
  const byDay = new Map(known.map((entry) => [entry.day, entry]));
  return Array.from({ length: DAYS }, (_, i) => {
    const day = new Date(nowMs - (DAYS - 1 - i) * DAY_MS).toISOString().slice(0, 10);
    return byDay.get(day) ?? { day, jobs: 0, credits: 0 };
  });
};

const nameOf = (day: string): string => new Date(`${day}T12:00:00Z`).toLocaleDateString("en", { day: "numeric", month: "short" });

/** Credits, open work and the last month. */
export const Usage = () => {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.usage.get.queryOptions({}));
  const limits = useQuery(trpc.limits.get.queryOptions({}));
  if (data === undefined) return error === null ? <Skeleton className="h-72" /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  const days = everyDay(data.days, Date.now());
  const spent = days.reduce((sum, { credits }) => sum + credits, 0);
  const made = days.reduce((sum, { jobs }) => sum + jobs, 0);
  return (
    <div className="grid gap-8">
      <dl className="grid grid-cols-2 gap-3 lg:grid-cols-4">
        <Figure name="Credits left" value={data.balance} note={data.reserved === 0 ? "none reserved" : `${data.reserved.toLocaleString("en")} reserved by open jobs`} />
        <Figure name="Spent in 30 days" value={spent} note="credits" />
        <Figure name="Jobs in 30 days" value={made} note="that succeeded" />
        <Figure name="Open now" value={data.queued + data.running} note={`${data.running} running, ${data.queued} waiting`} />
      </dl>
      <section className="grid gap-3">
        <h2 className="font-semibold">Credits a day</h2>
        <Chart days={days} />
      </section>
      {limits.data !== undefined && (
        <section className="grid gap-3">
          <h2 className="font-semibold">Limits</h2>
          <div className="overflow-x-auto rounded-lg border bg-surface shadow-card">
            <table className="w-full text-left">
              <thead className="text-xs text-faint">
                <tr>
                  <th className="px-4 py-2 font-medium">Calls</th>
                  <th className="px-4 py-2 text-right font-medium">At most</th>
                  <th className="px-4 py-2 font-medium">Within</th>
                </tr>
              </thead>
              <tbody className="divide-y border-t">
                {limits.data.rates.map(({ name, quota, window_s }) => (
                  <tr key={name}>
                    <td className="px-4 py-2 font-mono text-xs">{name}</td>
                    <td className="px-4 py-2 text-right tabular-nums">{quota.toLocaleString("en")}</td>
                    <td className="px-4 py-2 text-muted">{window_s} s</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
    </div>
  );
};

const Figure = ({ name, value, note }: { readonly name: string; readonly value: number; readonly note: string }) => (
  <div className="grid gap-0.5 rounded-lg border bg-surface p-4 shadow-card">
    <dt className="text-xs text-faint">{name}</dt>
    <dd className="text-xl font-semibold tabular-nums">{value.toLocaleString("en")}</dd>
    <dd className="text-xs text-muted">{note}</dd>
  </div>
);

/** One bar a day; the numbers are a table to screen readers. */
const Chart = ({ days }: { readonly days: readonly Day[] }) => {
  const most = Math.max(1, ...days.map(({ credits }) => credits));
  return (
    <figure className="grid gap-1.5 rounded-lg border bg-surface p-4 shadow-card">
      <div aria-hidden className="flex h-40 items-end gap-[3px]">
        {days.map(({ day, credits, jobs }) => (
          <div key={day} title={`${nameOf(day)}: ${credits} credits, ${jobs} jobs`} className="group flex h-full flex-1 items-end">
            <div className="w-full rounded-t-[3px] bg-accent transition-opacity group-hover:opacity-75" style={{ height: credits === 0 ? "2px" : `${Math.max(2, (credits / most) * 100)}%`, ...(credits === 0 ? { background: "var(--line)" } : {}) }} />
          </div>
        ))}
      </div>
      <div aria-hidden className="flex justify-between text-xs text-faint tabular-nums">
        <span>{nameOf(days[0]?.day ?? "")}</span>
        <span>most: {most} a day</span>
        <span>today</span>
      </div>
      <table className="sr-only">
        <caption>Credits and jobs a day</caption>
        <thead>
          <tr>
            <th>Day</th>
            <th>Credits</th>
            <th>Jobs</th>
          </tr>
        </thead>
        <tbody>
          {days.filter(({ jobs }) => jobs > 0).map(({ day, credits, jobs }) => (
            <tr key={day}>
              <td>{day}</td>
              <td>{credits}</td>
              <td>{jobs}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
};
