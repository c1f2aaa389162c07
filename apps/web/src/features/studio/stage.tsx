"use client";

import { ErrorState } from "@/components/states";
import { Filmstrip } from "./filmstrip";
import { JobView } from "./job-view";
import { useRecentJobs } from "./jobs";
import { useStudio } from "./state";
import { Welcome } from "./welcome";

/** The middle of the page: the pictures, or the shelf while there are none. */
export const Stage = () => {
  const shown = useStudio((state) => state.shown);
  const { data: jobs, isPending, error, refetch } = useRecentJobs();
  const id = shown ?? jobs?.[0]?.id ?? null;
  if (id === null && error !== null) return <ErrorState error={error} onRetry={() => void refetch()} className="min-h-[60dvh] content-center" />;
  if (id === null) return isPending ? <div aria-hidden className="min-h-[60dvh]" /> : <Welcome />;
  return (
    <div className="flex min-h-0 flex-1 flex-col xl:flex-row">
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <JobView key={id} id={id} />
      </div>
      <Filmstrip jobs={jobs ?? []} shown={id} />
    </div>
  );
};
