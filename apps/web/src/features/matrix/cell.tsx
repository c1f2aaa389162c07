"use client";

import type { Job } from "@deadiff/schemas/contracts";
import { Ban, CircleAlert } from "lucide-react";
import { Progress } from "@/components/progress";

/** One cell: waiting, in the making, its picture, or why there is none. Its place does not change size. */
export const Cell = ({ job, name, onOpen }: { readonly job: Job | undefined; readonly name: string; readonly onOpen: () => void }) => {
  const url = job?.outputs[0]?.url;
  if (job === undefined) return <span role="img" aria-label={`${name}: deleted`} className="checker block aspect-square rounded-md opacity-50" />;
  return (
    <button type="button" onClick={onOpen} aria-label={`${name}: ${spoken(job)}`} className="group relative block aspect-square w-full overflow-hidden rounded-md bg-sunken outline-offset-1">
      {url != null && <img src={url} alt="" loading="lazy" decoding="async" className="absolute inset-0 size-full animate-fade object-cover transition-transform duration-200 group-hover:scale-[1.03]" />}
      {url == null && job.preview_url !== null && <img src={job.preview_url} alt="" className="absolute inset-0 size-full scale-110 object-cover blur-[6px]" />}
      {url == null && !job.is_terminal && job.preview_url === null && <span className={job.state === "running" ? "skeleton absolute inset-0" : "absolute inset-0"} />}
      {job.state === "running" && <Progress label={`${name}: progress`} className="absolute inset-x-2 bottom-2 h-1" value={job.progress === null ? undefined : job.progress.step / job.progress.total} />}
      {(job.state === "failed" || job.state === "expired") && <CircleAlert aria-hidden className="absolute inset-0 m-auto size-5 text-danger" />}
      {job.state === "canceled" && <Ban aria-hidden className="absolute inset-0 m-auto size-5 text-faint" />}
    </button>
  );
};

const spoken = (job: Job): string => (job.state === "succeeded" ? "done" : job.state === "running" ? "in the making" : job.state);
