"use client";

import dynamic from "next/dynamic";
import { explain } from "@/api/explain";
import { ErrorState } from "@/components/states";
import { useRecentJobs } from "./jobs";
import { useStudio } from "./state";
import { Welcome } from "./welcome";

// A first visit has no pictures to show.
const JobView = dynamic(() => import("./job-view").then((module) => module.JobView), { ssr: false, loading: () => <div aria-hidden className="flex-1" /> });
const Filmstrip = dynamic(() => import("./filmstrip").then((module) => module.Filmstrip), { ssr: false });

/** The middle of the page: the pictures, or the shelf while there are none. */
export const Stage = () => {
  const shown = useStudio((state) => state.shown);
  const { data: jobs, isPending, error, refetch } = useRecentJobs();
  const id = shown ?? jobs?.[0]?.id ?? null;
  // Who is not signed in has no jobs to read, and the same first page.
  if (id === null && error !== null && explain(error).signIn === true) return <Welcome />;
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
