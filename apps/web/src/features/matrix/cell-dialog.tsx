"use client";

import type { Job } from "@deadiff/schemas/contracts";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight, Download, RotateCcw, Shuffle } from "lucide-react";
import Link from "next/link";
import { useTRPC } from "@/api/client";
import { explain, explainJob } from "@/api/explain";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { IconButton } from "@/components/icon-button";
import { remixJob } from "@/features/studio/restore";
import { download } from "@/pictures/download";
import { note } from "@/shell/notes";

interface CellDialogProps {
  readonly job: Job;
  readonly title: string;
  readonly onClose: () => void;
  /** Goes to a neighbour: -1 the one before, 1 the one after. */
  readonly onStep: (by: -1 | 1) => void;
}

/** One cell up close; the arrow keys go on to its neighbours. */
export const CellDialog = ({ job, title, onClose, onStep }: CellDialogProps) => {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const retry = useMutation(
    trpc.jobs.retry.mutationOptions({
      onSuccess: () => {
        void queries.invalidateQueries({ queryKey: trpc.jobs.list.queryKey() });
        note.success("It is made again: find it in the studio.");
      },
      onError: (error) => note.error(explain(error).title),
    }),
  );
  const url = job.outputs[0]?.url;
  const failure = job.error === null ? null : explainJob(job.error);
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={title}
      description={[`seed ${job.seed ?? "–"}`, job.model, job.metrics.run_ms === null ? null : `${(job.metrics.run_ms / 1000).toFixed(1)} s`].filter((part) => part !== null).join(" · ")}
      className="sm:w-[min(92vw,38rem)]"
      actions={
        <>
          <span className="mr-auto flex gap-1">
            <IconButton label="Cell before" hint="Cell before (←)" onClick={() => onStep(-1)}>
              <ChevronLeft aria-hidden />
            </IconButton>
            <IconButton label="Cell after" hint="Cell after (→)" onClick={() => onStep(1)}>
              <ChevronRight aria-hidden />
            </IconButton>
          </span>
          {job.is_terminal && job.state !== "succeeded" && (
            <Button busy={retry.isPending} onClick={() => retry.mutate({ id: job.id, idempotency_key: crypto.randomUUID() })}>
              <RotateCcw aria-hidden /> Make it again
            </Button>
          )}
          {url != null && (
            <Button onClick={() => void download(url, `${title}.png`).catch(() => note.error("The picture could not be downloaded. Try again."))}>
              <Download aria-hidden /> Download
            </Button>
          )}
          <Button asChild variant="primary">
            <Link href="/" onClick={() => remixJob(job)}>
              <Shuffle aria-hidden /> Remix
            </Link>
          </Button>
        </>
      }
    >
      <div
        role="group"
        aria-label="The picture of this cell"
        className="relative aspect-square overflow-hidden rounded-lg bg-sunken"
        tabIndex={0}
        onKeyDown={(event) => {
          if (event.key === "ArrowLeft") onStep(-1);
          if (event.key === "ArrowRight") onStep(1);
        }}
      >
        {url != null ? (
          <img src={url} alt={title} className="size-full object-contain" />
        ) : (
          <div className="grid size-full place-items-center content-center gap-1 p-6 text-center text-muted">
            {failure === null ? (job.is_terminal ? "There is no picture: it was canceled." : "In the making …") : (
              <>
                <strong className="text-ink">{failure.title}</strong>
                {failure.advice}
              </>
            )}
          </div>
        )}
      </div>
    </Dialog>
  );
};
