"use client";

import { Sparkles } from "lucide-react";
import { Button } from "@/components/button";
import { Kbd, useCommandKey } from "@/components/kbd";
import { useModel } from "./model";
import type { Generate } from "./use-generate";

/** The one thing this page is for. */
export const GenerateBar = ({ generate }: { readonly generate: Generate }) => {
  const { data: model } = useModel();
  const commandKey = useCommandKey();
  return (
    <div className="grid gap-1.5 border-t bg-surface p-3 sm:px-5 sm:py-3.5">
      <Button variant="primary" size="lg" className="w-full" busy={generate.busy} aria-describedby="generate-note" aria-disabled={generate.blocked !== null} onClick={generate.run}>
        {!generate.busy && <Sparkles aria-hidden />} Generate
        <span aria-hidden className="ml-1 hidden items-center gap-0.5 sm:inline-flex">
          <Kbd className="border-current/40 bg-transparent text-current">{commandKey}</Kbd>
          <Kbd className="border-current/40 bg-transparent text-current">↵</Kbd>
        </span>
      </Button>
      <p id="generate-note" role="status" className="flex min-h-4 justify-between text-xs text-faint">
        <span>{generate.blocked ?? (generate.credits === null ? "" : `${generate.credits} ${generate.credits === 1 ? "credit" : "credits"}`)}</span>
        <span>{model === undefined ? "" : `${model.name} ${model.version}`}</span>
      </p>
    </div>
  );
};
