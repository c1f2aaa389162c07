"use client";

import type { ArenaRanking } from "@deadiff/schemas/contracts";
import { useQuery } from "@tanstack/react-query";
import { Trophy } from "lucide-react";
import { useTRPC } from "@/api/client";
import { EmptyState, ErrorState, Skeleton } from "@/components/states";
import { scaleOf } from "./scale";
import { differing, settingLabel } from "./settings";

/** Ways of making pictures by rating, each with the interval that the votes leave it. */
export const Ranking = () => {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.arena.ranking.queryOptions({}));
  if (data === undefined) return error === null ? <Skeleton className="h-64" /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data.ranking.length === 0) {
    return (
      <EmptyState icon={<Trophy />} title="No votes yet">
        Judge a few pairs: the ways they were made are ranked here.
      </EmptyState>
    );
  }
  return <Chart ranking={data} />;
};

const Chart = ({ ranking: { ranking, votes, method } }: { readonly ranking: ArenaRanking }) => {
  const scale = scaleOf(ranking);
  const keys = differing(ranking.map(({ setting }) => setting));
  return (
    <figure className="grid gap-3">
      <table className="w-full border-separate border-spacing-0">
        <caption className="sr-only">Ranking with 95 % intervals</caption>
        <thead>
          <tr className="text-left text-xs text-faint">
            <th scope="col" className="w-8 py-2 font-medium">
              <span className="sr-only">Rank</span>
            </th>
            <th scope="col" className="py-2 pr-4 font-medium">
              Made with
            </th>
            <th scope="col" aria-label="Rating with interval" className="hidden w-[46%] py-2 sm:table-cell">
              <span aria-hidden className="relative block h-4 tabular-nums">
                {scale.marks.map((mark) => (
                  <span key={mark} className="absolute -translate-x-1/2" style={{ left: `${scale.at(mark)}%` }}>
                    {mark}
                  </span>
                ))}
              </span>
            </th>
            <th scope="col" className="py-2 pl-4 text-right font-medium">
              Rating
            </th>
            <th scope="col" className="py-2 pl-4 text-right font-medium">
              Won
            </th>
          </tr>
        </thead>
        <tbody>
          {ranking.map(({ setting, rating, low, high, wins, comparisons }, i) => (
            <tr key={JSON.stringify(setting)}>
              <td className="border-t py-3 font-mono text-xs text-faint tabular-nums">{i + 1}</td>
              <th scope="row" className="border-t py-3 pr-4 text-left font-medium">
                {settingLabel(setting, keys)}
              </th>
              <td className="hidden border-t sm:table-cell">
                <span role="img" aria-label={`${Math.round(rating)}, between ${Math.round(low)} and ${Math.round(high)}`} className="relative block h-11">
                  {scale.marks.map((mark) => (
                    <span key={mark} aria-hidden className={mark === 1000 ? "absolute inset-y-0 w-px bg-line-strong" : "absolute inset-y-0 w-px bg-line"} style={{ left: `${scale.at(mark)}%` }} />
                  ))}
                  <span className="absolute top-1/2 h-1 -translate-y-1/2 rounded-full bg-accent/35" style={{ left: `${scale.at(low)}%`, width: `${scale.at(high) - scale.at(low)}%` }} />
                  <span className="absolute top-1/2 size-3 -translate-1/2 rounded-full border-2 border-surface bg-accent" style={{ left: `${scale.at(rating)}%` }} />
                </span>
              </td>
              <td className="border-t py-3 pl-4 text-right tabular-nums">
                {Math.round(rating)}
                <span className="block text-xs whitespace-nowrap text-faint">
                  {Math.round(low)} – {Math.round(high)}
                </span>
              </td>
              <td className="border-t py-3 pl-4 text-right whitespace-nowrap text-muted tabular-nums">
                {wins} of {comparisons}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <figcaption className="text-xs text-faint">
        From {votes} {votes === 1 ? "vote" : "votes"}. {method}. 400 points are odds of ten to one; intervals that overlap are not told apart yet.
      </figcaption>
    </figure>
  );
};
