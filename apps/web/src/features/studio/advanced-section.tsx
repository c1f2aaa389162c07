"use client";

import { ChevronDown } from "lucide-react";
import dynamic from "next/dynamic";
import * as Collapsible from "radix-ui/collapsible";
import { useState } from "react";
import { Skeleton } from "@/components/states";
import { useModel } from "./model";

// Fetched when it is first opened.
const AdvancedControls = dynamic(() => import("./advanced-controls").then((module) => module.AdvancedControls), { ssr: false, loading: () => <Skeleton className="h-96" /> });

/** What most people never need: sampling, and the gain of each layer. */
export const AdvancedSection = () => {
  const { data: model } = useModel();
  const [open, setOpen] = useState(false);
  return (
    <Collapsible.Root open={open} onOpenChange={setOpen} asChild>
      <section>
        <Collapsible.Trigger className="flex w-full items-center justify-between px-4 py-4 text-left text-sm font-semibold hover:bg-hover/60 focus-visible:-outline-offset-2 sm:px-5">
          Advanced
          <ChevronDown aria-hidden className={`size-4 text-faint transition-transform ${open ? "rotate-180" : ""}`} />
        </Collapsible.Trigger>
        <Collapsible.Content className="px-4 pb-6 sm:px-5">{model !== undefined && <AdvancedControls model={model} />}</Collapsible.Content>
      </section>
    </Collapsible.Root>
  );
};
