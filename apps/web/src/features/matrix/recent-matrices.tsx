"use client";

import type { Job } from "@deadiff/schemas/contracts";
import { useQuery } from "@tanstack/react-query";
import { LoaderCircle } from "lucide-react";
import Link from "next/link";
import { useTRPC } from "@/api/client";

interface Recent {
  readonly id: string;
  readonly cells: readonly Job[];
}

const group = (jobs: readonly Job[]): readonly Recent[] => {
  const byMatrix = new Map<string, Job[]>();
  for (const job of jobs) {
    if (job.matrix === null) continue;
    byMatrix.set(job.matrix.id, [...(byMatrix.get(job.matrix.id) ?? []), job]);
  }
  return [...byMatrix].map(([id, cells]) => ({ id, cells: cells.toSorted((a, b) => (a.matrix?.cell ?? 0) - (b.matrix?.cell ?? 0)) })).slice(0, 8);
};

/** The matrices among the newest jobs, to come back to. */
export const RecentMatrices = () => {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.jobs.list.queryOptions({ limit: 100 }, { select: (page) => group(page.data) }));
  if (data === undefined || data.length === 0) return null;
  return (
    <section className="grid gap-3">
      <h2 className="font-semibold">Made lately</h2>
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] gap-3">
        {data.map(({ id, cells }) => {
          const open = cells.filter((job) => !job.is_terminal).length;
          return (
            <li key={id}>
              <Link href={`/matrix/${id}`} className="group grid gap-2 rounded-lg border bg-surface p-2 shadow-card transition-colors hover:border-line-strong">
                <span className="grid grid-cols-4 gap-0.5 overflow-hidden rounded-md">
                  {Array.from({ length: 8 }, (_, i) => {
                    const url = cells[i]?.outputs[0]?.url;
                    return url == null ? <span key={i} className="aspect-square bg-sunken" /> : <img key={i} src={url} alt="" loading="lazy" className="aspect-square w-full object-cover" />;
                  })}
                </span>
                <span className="flex items-center justify-between gap-2 px-0.5 text-xs text-muted group-hover:text-ink">
                  <span>
                    {cells.length} {cells.length === 1 ? "cell" : "cells"}
                  </span>
                  {open > 0 ? <LoaderCircle aria-label={`${open} in the making`} className="size-3.5 animate-spin" /> : <time dateTime={cells[0]?.created_at}>{cells[0] !== undefined && new Date(cells[0].created_at).toLocaleDateString("en", { day: "numeric", month: "short" })}</time>}
                </span>
              </Link>
            </li>
          );
        })}
      </ul>
    </section>
  );
};
