"use client";

import type { ArenaPair, ArenaVerdict } from "@deadiff/schemas/contracts";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowRight, Equal, Grid3x3, Swords } from "lucide-react";
import Link from "next/link";
import { useEffect } from "react";
import { problemOf, useTRPC } from "@/api/client";
import { explain } from "@/api/explain";
import { Button } from "@/components/button";
import { cn } from "@/components/cn";
import { Kbd } from "@/components/kbd";
import { EmptyState, ErrorState, Skeleton } from "@/components/states";
import { note } from "@/shell/notes";
import { differing, settingLabel } from "./settings";

type Winner = "left" | "right" | "tie";

/** Two pictures, blind: the better one is chosen, then it is told how they were made. */
export const Judge = () => {
  const trpc = useTRPC();
  const queries = useQueryClient();
  // A pair stays until it was judged: nothing may swap it under the hand.
  const pair = useQuery(trpc.arena.next.queryOptions({}, { staleTime: Infinity, refetchOnWindowFocus: false, refetchOnReconnect: false, gcTime: 0 }));
  const vote = useMutation(
    trpc.arena.vote.mutationOptions({
      onSuccess: () => void queries.invalidateQueries({ queryKey: trpc.arena.ranking.queryKey() }),
      onError: (error) => note.error(explain(error).title, { description: explain(error).advice }),
    }),
  );
  const { data } = pair;
  const verdict = vote.data;
  const choose = (winner: Winner) => {
    if (data !== undefined && !vote.isPending && verdict === undefined) vote.mutate({ left: data.left.picture, right: data.right.picture, winner });
  };
  const next = () => {
    vote.reset();
    void pair.refetch();
  };

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return;
      if (event.target instanceof HTMLElement && event.target.closest("input, textarea, [role=tab], [role=dialog]") !== null) return;
      const winner = { ArrowLeft: "left", ArrowRight: "right", ArrowDown: "tie" }[event.key] as Winner | undefined;
      if (verdict !== undefined && event.key === "n") {
        event.preventDefault();
        next();
      } else if (winner !== undefined) {
        event.preventDefault();
        choose(winner);
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });

  if (pair.error !== null) {
    if (problemOf(pair.error)?.code === "not_found") {
      return (
        <EmptyState
          className="max-w-md"
          icon={<Swords />}
          title={vote.isSuccess || verdict !== undefined ? "That was the last pair" : "Nothing to compare yet"}
          action={
            <Button asChild variant="primary">
              <Link href="/matrix">
                <Grid3x3 aria-hidden /> Make a matrix
              </Link>
            </Button>
          }
        >
          It takes two pictures of one prompt with the same references, made in different ways: at two strengths, say, or with two numbers of steps. A matrix of strengths makes many at once.
        </EmptyState>
      );
    }
    return <ErrorState error={pair.error} onRetry={() => void pair.refetch()} />;
  }
  const waiting = data === undefined || (pair.isFetching && verdict === undefined);
  return (
    <section aria-label="Which is better?" className="mx-auto grid w-full max-w-[min(66rem,calc(200dvh-50rem))] min-w-[min(100%,34rem)] gap-4">
      <div role="status" aria-live="polite" className="sr-only">
        {verdict === undefined ? (waiting ? "" : `Two pictures of ${data.prompt === "" ? "no prompt" : data.prompt}. Which is better?`) : "Voted. It is told below how they were made."}
      </div>
      <Heading pair={waiting ? undefined : data} />
      <div className="grid grid-cols-2 gap-2.5 sm:gap-4">
        <Side side="left" pair={waiting ? undefined : data} verdict={verdict} onChoose={choose} />
        <Side side="right" pair={waiting ? undefined : data} verdict={verdict} onChoose={choose} />
      </div>
      <div className="flex min-h-11 flex-wrap items-center justify-center gap-x-5 gap-y-2">
        {verdict === undefined ? (
          <>
            <Button size="lg" busy={vote.isPending} disabled={waiting} onClick={() => choose("tie")}>
              <Equal aria-hidden /> Neither is better
            </Button>
            <span className="hidden items-center gap-1.5 text-xs text-faint sm:flex">
              <Kbd>←</Kbd> left <Kbd>→</Kbd> right <Kbd>↓</Kbd> neither
            </span>
          </>
        ) : (
          <Button size="lg" variant="primary" autoFocus onClick={next}>
            Next pair <ArrowRight aria-hidden />
          </Button>
        )}
      </div>
    </section>
  );
};

const Heading = ({ pair }: { readonly pair: ArenaPair | undefined }) => (
  <div className="flex min-h-14 items-center justify-between gap-4">
    {pair === undefined ? (
      <Skeleton className="h-6 w-64" />
    ) : (
      <>
        <div className="min-w-0">
          <h2 className="text-lg font-semibold [overflow-wrap:anywhere]">{pair.prompt === "" ? "No prompt" : pair.prompt}</h2>
          <p className="text-muted">Which is better? {pair.votes > 0 && <span className="text-faint tabular-nums">{pair.votes} judged so far</span>}</p>
        </div>
        <ul aria-label="References" className="flex shrink-0 gap-1.5">
          {pair.references.slice(0, 4).map(({ url }, i) => (
            <li key={i}>
              <img src={url} alt={`Reference ${i + 1}`} className="size-14 rounded-md object-cover" />
            </li>
          ))}
        </ul>
      </>
    )}
  </div>
);

const Side = ({ side, pair, verdict, onChoose }: { readonly side: "left" | "right"; readonly pair: ArenaPair | undefined; readonly verdict: ArenaVerdict | undefined; readonly onChoose: (winner: Winner) => void }) => {
  if (pair === undefined) return <Skeleton className="aspect-square rounded-xl" />;
  const { url, width, height } = pair[side];
  const won = verdict?.winner === side;
  const keys = verdict === undefined ? [] : differing([verdict.left, verdict.right]);
  return (
    <div className="grid content-start gap-2">
      <button
        type="button"
        disabled={verdict !== undefined}
        aria-label={`The ${side} one is better`}
        onClick={() => onChoose(side)}
        className={cn("group relative block overflow-hidden rounded-xl bg-sunken shadow-card transition", verdict === undefined && "hover:shadow-float", won && "ring-3 ring-accent ring-offset-2 ring-offset-ground", verdict !== undefined && !won && verdict.winner !== "tie" && "opacity-60")}
        style={{ aspectRatio: `${width} / ${height}` }}
      >
        <img key={url} src={url} alt={`The ${side} picture`} className="size-full animate-fade object-contain" />
      </button>
      <p className="min-h-6 text-center text-muted">{verdict !== undefined && settingLabel(verdict[side], keys)}</p>
    </div>
  );
};
