"use client";

import * as Radix from "radix-ui/toggle-group";
import type { ReactNode } from "react";
import { cn } from "./cn";

/** One of a few, all in sight. */
export const Segmented = <Value extends string>({
  label,
  describedBy,
  value,
  options,
  onChange,
  size = "md",
  className,
}: {
  readonly label: string;
  readonly describedBy?: string;
  /** `undefined` where none of them is set. */
  readonly value: Value | undefined;
  readonly options: readonly { readonly value: Value; readonly label: ReactNode; readonly name?: string }[];
  readonly onChange: (value: Value) => void;
  readonly size?: "sm" | "md";
  readonly className?: string;
}) => (
  <Radix.Root
    type="single"
    aria-label={label}
    aria-describedby={describedBy}
    value={value ?? ""}
    onValueChange={(next) => next !== "" && onChange(next as Value)}
    className={cn("grid auto-cols-fr grid-flow-col gap-0.5 rounded-md bg-sunken p-0.5", className)}
  >
    {options.map((option) => (
      <Radix.Item
        key={option.value}
        value={option.value}
        aria-label={option.name}
        className={cn(
          "rounded-[7px] px-2 font-medium text-muted transition-colors hover:text-ink data-[state=on]:bg-raised data-[state=on]:text-ink data-[state=on]:shadow-card dark:data-[state=on]:bg-line-strong",
          size === "md" ? "h-8 text-sm" : "h-6 text-xs",
        )}
      >
        {option.label}
      </Radix.Item>
    ))}
  </Radix.Root>
);
