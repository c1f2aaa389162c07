"use client";

import { useRef, useState } from "react";
import { cn } from "@/components/cn";
import { Select } from "@/components/select";
import type { Model } from "./model";

const MAX = 2;
const STEP = 0.05;

const clamp = (gain: number): number => Number((Math.round(Math.min(MAX, Math.max(0, gain)) / STEP) * STEP).toFixed(2));
const same = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((gain, i) => gain === b[i]);

const COLOUR: Readonly<Record<Model["layers"][number], string>> = { style: "bg-accent", content: "bg-warn", both: "bg-muted" };
const KEYS = ["style", "content", "both"] as const;

/** The gain of each attention layer as a bar: drag across them, or use the arrow keys on one. Named settings above. */
export const Gains = ({ model, value, onChange }: { readonly model: Model; readonly value: readonly number[] | null; readonly onChange: (value: readonly number[] | null) => void }) => {
  const area = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState<number>();
  const { layers } = model;
  const gains = value !== null && value.length === layers.length ? value : layers.map(() => 1);
  const preset = model.gain_presets.find((candidate) => same(candidate.gains, gains));
  const put = (layer: number, gain: number) => onChange(gains.map((old, i) => (i === layer ? clamp(gain) : old)));

  const onPointer = (event: React.PointerEvent) => {
    const box = area.current?.getBoundingClientRect();
    if (box === undefined) return;
    const layer = Math.min(layers.length - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * layers.length)));
    setPointed(layer);
    if (event.buttons === 1) put(layer, (1 - (event.clientY - box.top) / box.height) * MAX);
  };

  const onKeyDown = (layer: number) => (event: React.KeyboardEvent<HTMLElement>) => {
    const gain = gains[layer] ?? 1;
    const to: Readonly<Record<string, number>> = { ArrowUp: gain + STEP, ArrowDown: gain - STEP, PageUp: gain + 0.25, PageDown: gain - 0.25, Home: 0, End: MAX };
    const next = to[event.key];
    if (next !== undefined) {
      event.preventDefault();
      put(layer, next);
      return;
    }
    const beside = event.key === "ArrowRight" ? event.currentTarget.nextElementSibling : event.key === "ArrowLeft" ? event.currentTarget.previousElementSibling : null;
    if (beside instanceof HTMLElement) {
      event.preventDefault();
      beside.focus();
    }
  };

  return (
    <div className="grid gap-2">
      <div className="flex min-h-6 items-center justify-between gap-3">
        <span id="gains-label" className="font-medium">
          Gain per layer
        </span>
        <span aria-hidden className="flex-1 text-right text-xs text-faint tabular-nums">
          {pointed !== undefined && `${pointed + 1}: ${gains[pointed] ?? 1} ×`}
        </span>
        <Select
          label="Gains by name"
          describedBy="gains-hint"
          className="h-7 w-auto px-2 text-xs"
          value={preset?.name ?? "custom"}
          options={[...model.gain_presets.map(({ name, title, description }) => ({ value: name, label: title, note: description })), ...(preset === undefined ? [{ value: "custom", label: "Custom" }] : [])]}
          onChange={(name) => {
            const found = model.gain_presets.find((candidate) => candidate.name === name);
            if (found !== undefined) onChange(found.gains.every((gain) => gain === 1) ? null : found.gains);
          }}
        />
      </div>
      <div role="group" aria-labelledby="gains-label" aria-describedby="gains-hint">
        <div
          ref={area}
          className="relative flex h-24 touch-none items-end gap-[3px] rounded-md border bg-surface px-1.5 pt-1.5"
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            onPointer(event);
          }}
          onPointerMove={onPointer}
          onPointerLeave={() => setPointed(undefined)}
        >
          <span aria-hidden className="pointer-events-none absolute inset-x-0 top-1/2 border-t border-dashed border-line-strong" />
          {gains.map((gain, layer) => (
            <span
              key={layer}
              role="slider"
              tabIndex={0}
              aria-label={`Layer ${layer + 1}, ${layers[layer] ?? ""}`}
              aria-orientation="vertical"
              aria-valuemin={0}
              aria-valuemax={MAX}
              aria-valuenow={gain}
              aria-valuetext={`${gain} ×`}
              onKeyDown={onKeyDown(layer)}
              onFocus={() => setPointed(layer)}
              onBlur={() => setPointed(undefined)}
              className="group relative flex h-full flex-1 cursor-ns-resize items-end rounded-t-[3px] outline-offset-1"
            >
              <span className={cn("w-full rounded-t-[3px] transition-[opacity] group-hover:opacity-80", COLOUR[layers[layer] ?? "both"])} style={{ height: `max(2px, ${(gain / MAX) * 100}%)` }} />
            </span>
          ))}
        </div>
        <div aria-hidden className="mt-1 flex justify-between text-[0.6875rem] text-faint">
          <span>first, fine</span>
          <span>coarse</span>
          <span>last, fine</span>
        </div>
      </div>
      <div aria-hidden className="flex gap-3 text-[0.6875rem] text-faint">
        {KEYS.filter((key) => layers.includes(key)).map((key) => (
          <span key={key} className="inline-flex items-center gap-1">
            <span className={cn("size-2 rounded-[2px]", COLOUR[key])} /> {key}
          </span>
        ))}
      </div>
      <p id="gains-hint" className="text-xs text-faint">
        How strongly the references act in each layer, 0 to 2 ×. The colour says what the layer reads.
      </p>
    </div>
  );
};
