"use client";

import { Check, ChevronsUpDown } from "lucide-react";
import * as Radix from "radix-ui/select";
import { cn } from "./cn";

/** One of many, in a list that opens. */
export const Select = <Value extends string>({
  id,
  label,
  describedBy,
  value,
  options,
  onChange,
  className,
}: {
  readonly id?: string;
  readonly label: string;
  readonly describedBy?: string;
  readonly value: Value;
  readonly options: readonly { readonly value: Value; readonly label: string; readonly note?: string }[];
  readonly onChange: (value: Value) => void;
  readonly className?: string;
}) => (
  <Radix.Root value={value} onValueChange={(next) => onChange(next as Value)}>
    <Radix.Trigger
      id={id}
      aria-label={label}
      aria-describedby={describedBy}
      className={cn("inline-flex h-9 w-full items-center justify-between gap-2 rounded-md border border-line bg-surface px-3 text-sm shadow-card transition-colors hover:border-line-strong", className)}
    >
      <span className="truncate">
        <Radix.Value />
      </span>
      <Radix.Icon className="shrink-0">
        <ChevronsUpDown aria-hidden className="size-3.5 text-faint" />
      </Radix.Icon>
    </Radix.Trigger>
    <Radix.Portal>
      <Radix.Content position="popper" sideOffset={4} className="z-50 max-h-80 min-w-(--radix-select-trigger-width) animate-rise overflow-hidden rounded-md border bg-raised p-1 shadow-float">
        <Radix.Viewport>
          {options.map((option) => (
            <Radix.Item
              key={option.value}
              value={option.value}
              className="relative flex cursor-pointer select-none flex-col rounded-sm py-1.5 pr-8 pl-2.5 outline-none data-highlighted:bg-hover"
            >
              <Radix.ItemText>{option.label}</Radix.ItemText>
              {option.note !== undefined && <span className="text-xs text-faint">{option.note}</span>}
              <Radix.ItemIndicator className="absolute top-2 right-2.5">
                <Check aria-hidden className="size-4 text-accent-text" />
              </Radix.ItemIndicator>
            </Radix.Item>
          ))}
        </Radix.Viewport>
      </Radix.Content>
    </Radix.Portal>
  </Radix.Root>
);
