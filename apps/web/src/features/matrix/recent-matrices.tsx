"use client";

import { useQuery } from "@tanstack/react-query";
import { LoaderCircle } from "lucide-react";
import Link from "next/link";
import { useTRPC } from "@/api/client";

const SHOWN = 8;

/** The newest matrices, to come back to. */
export const RecentMatrices = () => {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.matrices.list.queryOptions({ limit: SHOWN }, { select: (page) => page.data }));
  if (data === undefined || data.length === 0) return null;
  return (
    <section className="grid gap-3">
      <h2 className="font-semibold">Made lately</h2>
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] gap-3">
        {data.map(({ id, counts, preview_urls, created_at }) => {
          const open = counts.queued + counts.running;
          const cells = Object.values(counts).reduce((sum, count) => sum + count, 0);
          return (
            <li key={id}>
              <Link href={`/matrix/${id}`} className="group grid gap-2 rounded-lg border bg-surface p-2 shadow-card transition-colors hover:border-line-strong">
                <span className="grid grid-cols-4 gap-0.5 overflow-hidden rounded-md">
                  {Array.from({ length: 8 }, (_, i) => {
                    const url = preview_urls[i];
                    return url == null ? <span key={i} className="aspect-square bg-sunken" /> : <img key={i} src={url} alt="" loading="lazy" className="aspect-square w-full object-cover" />;
                  })}
                </span>
                <span className="flex items-center justify-between gap-2 px-0.5 text-xs text-muted group-hover:text-ink">
                  <span>
                    {cells} {cells === 1 ? "cell" : "cells"}
                  </span>
                  {open > 0 ? <LoaderCircle aria-label={`${open} in the making`} className="size-3.5 animate-spin" /> : <time dateTime={created_at}>{new Date(created_at).toLocaleDateString("en", { day: "numeric", month: "short" })}</time>}
                </span>
              </Link>
            </li>
          );
        })}
      </ul>
    </section>
  );
};
