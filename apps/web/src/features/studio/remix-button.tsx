"use client";

import type { Job } from "@deadiff/schemas/contracts";
import { Shuffle } from "lucide-react";
import { Button } from "@/components/button";
import { remixJob } from "./restore";

/** Puts all that a job was made from back on the desk. */
export const RemixButton = ({ job }: { readonly job: Job }) => (
  <Button size="sm" onClick={() => remixJob(job)} disabled={job.input === null}>
    <Shuffle aria-hidden /> Remix
  </Button>
);
