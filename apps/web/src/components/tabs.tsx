"use client";

import * as Radix from "radix-ui/tabs";
import { useEffect, useRef, type ReactNode } from "react";

/** Panels of which one is shown. */
export const Tabs = <Value extends string>({ label, value, onChange, tabs }: { readonly label: string; readonly value: Value; readonly onChange: (value: Value) => void; readonly tabs: readonly { readonly value: Value; readonly label: ReactNode; readonly content: ReactNode }[] }) => {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // On a phone the chosen one may lie beyond the edge.
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [value]);
  return (
    <Radix.Root value={value} onValueChange={(next) => onChange(next as Value)}>
      <Radix.List ref={list} aria-label={label} className="scroll-quiet flex gap-5 overflow-x-auto border-b">
        {tabs.map((tab) => (
          <Radix.Trigger
            key={tab.value}
            value={tab.value}
            className="-mb-px whitespace-nowrap border-b-2 border-transparent rounded-t-sm px-0.5 py-2 font-medium text-muted -outline-offset-2 hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink"
          >
            {tab.label}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((tab) => (
        <Radix.Content key={tab.value} value={tab.value} className="pt-5 outline-none">
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
};
