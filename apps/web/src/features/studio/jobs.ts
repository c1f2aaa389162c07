"use client";

import type { Id, Job } from "@deadiff/schemas/contracts";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useCallback, useState } from "react";
import { useTRPC } from "@/api/client";
import { useOtherTabs } from "./tabs";

const BUSY_MS = 4000;

/** The prompt of a job, whose input the contract leaves open; empty where it had none. */
export const promptOf = ({ input }: Job): string => {
  const prompt = input?.["prompt"];
  return typeof prompt === "string" ? prompt : "";
};

/** The newest jobs of the account, single pictures and matrix cells alike. */
export const useRecentJobs = () => {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const refresh = useCallback(() => void queries.invalidateQueries({ queryKey: trpc.jobs.list.queryKey() }), [queries, trpc]);
  useOtherTabs(refresh);
  return useQuery(
    trpc.jobs.list.queryOptions(
      { limit: 40 },
      { select: (page) => page.data.filter((job) => job.matrix === null && job.kind === "picture"), refetchInterval: (query) => (query.state.data?.data.some((job) => !job.is_terminal) === true ? BUSY_MS : false) },
    ),
  );
};

/** How far a job is between its versions. */
export interface Progress {
  readonly phase: string;
  readonly step: number | null;
  readonly previewUrl: string | null;
}

/** A job, followed to its end: by an event stream, and by reading it now and then where the stream does not come through. */
export const useJob = (id: Id<"job"> | null) => {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const input = { id: id ?? "job_" } as const;
  const query = useQuery(
    trpc.jobs.get.queryOptions(input, {
      enabled: id !== null,
      staleTime: 60_000,
      refetchInterval: ({ state }) => (state.data === undefined || state.data.is_terminal ? false : BUSY_MS),
    }),
  );
  const [progress, setProgress] = useState<{ readonly id: string; readonly now: Progress }>();
  const job = query.data;
  useSubscription(
    trpc.jobs.watch.subscriptionOptions(input, {
      enabled: id !== null && job?.is_terminal === false,
      onData: (event) => {
        const data = "data" in event ? event.data : event;
        if (data.kind === "progress") {
          setProgress((before) => ({ id: input.id, now: { phase: data.phase, step: data.step, previewUrl: data.preview_url ?? (before?.id === input.id ? before.now.previewUrl : null) } }));
          return;
        }
        const news: Job = data.job;
        const key = trpc.jobs.get.queryKey(input);
        queries.setQueryData(key, (known) => (known !== undefined && known.version > news.version ? known : news));
        if (news.is_terminal) {
          void queries.invalidateQueries({ queryKey: trpc.jobs.list.queryKey() });
          void queries.invalidateQueries({ queryKey: trpc.usage.get.queryKey() });
        }
      },
    }),
  );
  return { job, error: query.error, retry: () => void query.refetch(), progress: progress?.id === id ? progress.now : undefined };
};
