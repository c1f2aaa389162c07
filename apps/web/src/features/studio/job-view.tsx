"use client";

import type { Id, Job } from "@deadiff/schemas/contracts";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ban, CircleAlert, X } from "lucide-react";
import { useTRPC } from "@/api/client";
import { explain, explainJob } from "@/api/explain";
import { Button } from "@/components/button";
import { cn } from "@/components/cn";
import { Progress } from "@/components/progress";
import { EmptyState, ErrorState, Skeleton } from "@/components/states";
import { note } from "@/shell/notes";
import { promptOf, useJob, type Progress as JobProgress } from "./jobs";
import { Picture } from "./picture";
import { RemixButton } from "./remix-button";

const countOf = (job: Job): number => {
  const count = job.input?.["count"];
  return typeof count === "number" ? count : 1;
};

/** One picture fills the stage; more share it evenly. The places are there before the pictures are. */
const GRID: Readonly<Record<number, string>> = {
  1: "max-w-[min(32rem,calc(100dvh-15rem))] grid-cols-1",
  2: "max-w-[min(60rem,calc(180dvh-26rem))] grid-cols-2",
  3: "max-w-[min(60rem,calc(150dvh-20rem))] grid-cols-2 sm:grid-cols-3",
  4: "max-w-[min(40rem,calc(100dvh-15rem))] grid-cols-2",
};
const gridOf = (count: number): string => GRID[count] ?? "max-w-[min(66rem,calc(190dvh-28rem))] grid-cols-2 sm:grid-cols-4";

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** A job on the stage: waiting, in the making, done, or not. */
export const JobView = ({ id }: { readonly id: Id<"job"> }) => {
  const { job, error, retry, progress } = useJob(id);
  if (job === undefined) {
    if (error !== null) return <ErrorState error={error} onRetry={retry} className="flex-1 content-center" />;
    return (
      <div className="grid flex-1 place-items-center p-4">
        <Skeleton className={cn("aspect-square w-full", gridOf(1))} />
      </div>
    );
  }
  return (
    <div className="flex flex-1 flex-col items-center justify-center gap-4 p-4 sm:p-6">
      <div className="sr-only" role="status" aria-live="polite">
        {spoken(job)}
      </div>
      {job.state === "failed" || job.state === "expired" ? (
        <Failed job={job} />
      ) : job.state === "canceled" ? (
        <EmptyState icon={<Ban />} title="Canceled" action={<RemixButton job={job} />}>
          Nothing was charged.
        </EmptyState>
      ) : (
        <>
          <ul className={cn("grid w-full gap-2.5 sm:gap-3", gridOf(countOf(job)))}>
            {Array.from({ length: countOf(job) }, (_, i) => (
              <li key={i}>
                <Picture job={job} index={i} previewUrl={i === 0 ? (progress?.previewUrl ?? job.preview_url) : null} />
              </li>
            ))}
          </ul>
          {job.is_terminal ? <Caption job={job} width={gridOf(countOf(job))} /> : <Running job={job} progress={progress} />}
        </>
      )}
    </div>
  );
};

const spoken = (job: Job): string => {
  switch (job.state) {
    case "queued":
      return "Waiting in the queue.";
    case "running":
      return "The pictures are being made.";
    case "succeeded":
      return job.outputs.length === 1 ? "The picture is done." : `${job.outputs.length} pictures are done.`;
    case "failed":
      return "The job failed.";
    case "canceled":
      return "The job was canceled.";
    case "expired":
      return "The job took too long and was given up.";
  }
};

const Caption = ({ job, width }: { readonly job: Job; readonly width: string }) => (
  <div className={cn(width, "flex w-full flex-wrap items-center justify-between gap-x-4 gap-y-2")}>
    <div className="min-w-0 flex-1">
      <p className="truncate text-base font-medium">{promptOf(job) || "No prompt"}</p>
      <p className="text-xs text-faint tabular-nums">
        seed {job.seed} · {job.model}
        {job.metrics.run_ms !== null && ` · ${seconds(job.metrics.run_ms)}`}
      </p>
    </div>
    <RemixButton job={job} />
  </div>
);

/** The API tells no places apart beyond this many. */
const PLACES_MAX = 1000;

const waiting = (job: Job): string => {
  const ahead = (job.queue?.position ?? 1) - 1;
  if (ahead === 0) return "Waiting for a worker";
  return ahead >= PLACES_MAX ? `Waiting: more than ${PLACES_MAX.toLocaleString("en")} jobs ahead` : `Waiting: ${ahead} ${ahead === 1 ? "job" : "jobs"} ahead`;
};

const PHASES: Readonly<Record<string, string>> = {
  starting: "Starting",
  preparing: "Reading the references",
  generating: "Painting",
  uploading: "Storing the pictures",
};

const Running = ({ job, progress }: { readonly job: Job; readonly progress: JobProgress | undefined }) => {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const cancel = useMutation(
    trpc.jobs.cancel.mutationOptions({
      onSuccess: (canceled) => {
        queries.setQueryData(trpc.jobs.get.queryKey({ id: job.id }), canceled);
        void queries.invalidateQueries({ queryKey: trpc.jobs.list.queryKey() });
      },
      onError: (error) => note.error(explain(error).title),
    }),
  );
  const step = progress?.step ?? job.progress?.step ?? null;
  const total = job.progress?.total ?? stepsOf(job);
  const phase = job.state === "queued" ? "waiting" : (progress?.phase ?? job.phase);
  const stopping = job.cancel_requested_at !== null;
  return (
    <div className="grid w-full max-w-xl gap-2">
      <div className="flex items-center justify-between gap-4">
        <p className="min-w-0 truncate font-medium">
          {stopping ? "Canceling …" : phase === "waiting" ? waiting(job) : (PHASES[phase] ?? "Working")}
          {phase === "generating" && step !== null && total !== null && !stopping && (
            <span className="ml-2 font-normal text-faint tabular-nums">
              step {step} of {total}
            </span>
          )}
        </p>
        <Button size="sm" disabled={stopping} busy={cancel.isPending} onClick={() => cancel.mutate({ id: job.id })}>
          <X aria-hidden /> Cancel
        </Button>
      </div>
      <Progress label="Progress" value={phase === "generating" && step !== null && total !== null ? step / total : phase === "uploading" ? 1 : undefined} />
    </div>
  );
};

const stepsOf = (job: Job): number | null => {
  const steps = job.input?.["steps"];
  return typeof steps === "number" ? steps : null;
};

const Failed = ({ job }: { readonly job: Job }) => {
  const { title, advice } = job.error === null ? { title: "It was not made in time.", advice: "Generate again: the credits were returned." } : explainJob(job.error);
  return (
    <div role="alert" className="grid max-w-sm justify-items-center gap-2 text-center">
      <div aria-hidden className="mb-1 grid size-12 place-items-center rounded-full bg-danger-soft text-danger">
        <CircleAlert className="size-5" />
      </div>
      <h2 className="text-lg font-semibold">{title}</h2>
      <p className="text-muted">{advice}</p>
      <p className="font-mono text-xs text-faint">{job.id}</p>
      <RemixButton job={job} />
    </div>
  );
};
