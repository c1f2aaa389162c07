"use client";

import type { Job } from "@deadiff/schemas/contracts";
import { CircleAlert, LoaderCircle } from "lucide-react";
import { cn } from "@/components/cn";
import { promptOf } from "./jobs";
import { useStudio } from "./state";

/** The newest jobs, to come back to: below the pictures, at their right on a wide screen. */
export const Filmstrip = ({ jobs, shown }: { readonly jobs: readonly Job[]; readonly shown: string }) => {
  const show = useStudio((state) => state.show);
  const kept = jobs.filter((job) => job.state !== "canceled" && job.state !== "expired");
  if (kept.length < 2) return null;
  return (
    <nav aria-label="Recent pictures" className="scroll-quiet shrink-0 overflow-auto border-t bg-surface px-3 py-2.5 xl:w-[6.25rem] xl:border-t-0 xl:border-l xl:px-2.5 xl:py-3">
      <ul className="flex gap-2 xl:flex-col">
        {kept.map((job) => {
          const picture = job.outputs[0]?.url;
          const name = promptOf(job) || "no prompt";
          return (
            <li key={job.id} className="shrink-0">
              <button
                type="button"
                aria-current={job.id === shown}
                title={name}
                onClick={() => show(job.id)}
                className={cn("relative block size-16 overflow-hidden rounded-md bg-sunken outline-offset-1 transition xl:size-20", job.id === shown ? "ring-2 ring-accent ring-offset-2 ring-offset-surface" : "opacity-80 hover:opacity-100")}
              >
                <span className="sr-only">Show: {name}</span>
                {picture != null && <img src={picture} alt="" width={80} height={80} loading="lazy" className="size-full object-cover" />}
                {!job.is_terminal && <LoaderCircle aria-label="in the making" className="absolute inset-0 m-auto size-5 animate-spin text-muted" />}
                {job.state === "failed" && <CircleAlert aria-label="failed" className="absolute inset-0 m-auto size-5 text-danger" />}
                {job.outputs.length > 1 && <span className="absolute right-1 bottom-1 rounded-full bg-black/60 px-1.5 text-[0.625rem] text-white tabular-nums">{job.outputs.length}</span>}
              </button>
            </li>
          );
        })}
      </ul>
    </nav>
  );
};
