"use client";

import { useState } from "react";
import { cn } from "./cn";

interface NumberInputProps {
  readonly label: string;
  readonly describedBy?: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** Follows the number: `steps`, `%`, `×`. */
  readonly unit?: string;
  readonly onChange: (value: number) => void;
  readonly className?: string;
}

/** A number that is typed: taken when the field is left or Enter is pressed, held within its range. */
export const NumberInput = ({ label, describedBy, value, min, max, step, unit, onChange, className }: NumberInputProps) => {
  const [draft, setDraft] = useState<string>();
  const take = () => {
    const typed = draft === undefined || draft.trim() === "" ? Number.NaN : Number(draft.replace(",", "."));
    setDraft(undefined);
    if (Number.isNaN(typed)) return;
    onChange(Math.min(max, Math.max(min, Number((Math.round(typed / step) * step).toFixed(6)))));
  };
  return (
    <span className={cn("inline-flex items-baseline gap-1 rounded-sm border border-transparent px-1.5 py-0.5 hover:border-line focus-within:border-accent", className)}>
      <input
        aria-label={unit === undefined ? label : `${label}, ${unit}`}
        aria-describedby={describedBy}
        inputMode="decimal"
        className="w-10 bg-transparent text-right font-mono text-xs tabular-nums outline-none"
        value={draft ?? String(value)}
        onFocus={(event) => event.target.select()}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.metaKey && !event.ctrlKey) take();
          if (event.key === "Escape") setDraft(undefined);
          if (event.key === "ArrowUp" || event.key === "ArrowDown") {
            event.preventDefault();
            const to = value + (event.key === "ArrowUp" ? step : -step);
            setDraft(undefined);
            onChange(Math.min(max, Math.max(min, Number(to.toFixed(6)))));
          }
        }}
      />
      {unit !== undefined && <span aria-hidden className="text-xs text-faint">{unit}</span>}
    </span>
  );
};
