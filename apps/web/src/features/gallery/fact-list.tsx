import type { ReactNode } from "react";
import { cn } from "@/components/cn";
import { duration, factsOf, gainsOf, timingsOf } from "./facts";

const Row = ({ name, children, mono = false }: { readonly name: string; readonly children: ReactNode; readonly mono?: boolean }) => (
  <div className="flex justify-between gap-4 py-1.5">
    <dt className="shrink-0 text-faint">{name}</dt>
    <dd className={cn("min-w-0 text-right [overflow-wrap:anywhere]", mono && "font-mono text-xs leading-5 tabular-nums")}>{children}</dd>
  </div>
);

interface FactListProps {
  readonly model: string;
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Every parameter a picture was made with. */
export const FactList = ({ model, seed, width, height, parameters }: FactListProps) => {
  const gains = gainsOf(parameters);
  return (
    <dl className="divide-y">
      <Row name="Model">{model}</Row>
      <Row name="Seed" mono>
        {seed}
      </Row>
      <Row name="Size" mono>
        {width} × {height}
      </Row>
      {factsOf(parameters).map(({ name, value, mono }) => (
        <Row key={name} name={name} {...(mono === undefined ? {} : { mono })}>
          {value}
        </Row>
      ))}
      {gains !== undefined && (
        <Row name="Gain per layer">
          <span role="img" aria-label={`Gains ${gains.join(", ")}`} className="ml-auto flex h-8 w-32 items-end gap-px">
            {gains.map((gain, layer) => (
              <span key={layer} className="flex-1 rounded-t-[2px] bg-accent" style={{ height: `max(1px, ${Math.min(1, gain / 2) * 100}%)` }} />
            ))}
          </span>
        </Row>
      )}
    </dl>
  );
};

const SHADES = ["bg-accent", "bg-accent/70", "bg-accent/45", "bg-accent/30", "bg-line-strong"] as const;

/** Where the time went: one bar, its parts below. */
export const Timings = ({ timings, queueMs, runMs }: { readonly timings: Readonly<Record<string, number>>; readonly queueMs: number | null; readonly runMs: number | null }) => {
  const { parts, totalMs } = timingsOf(timings);
  return (
    <div className="grid gap-2">
      <div aria-hidden className="flex h-2 gap-px overflow-hidden rounded-full bg-line">
        {parts.map(({ name, ms }, i) => (
          <span key={name} className={SHADES[Math.min(i, SHADES.length - 1)]} style={{ width: `${(ms / Math.max(1, totalMs)) * 100}%` }} />
        ))}
      </div>
      <dl className="grid gap-1 text-xs">
        {parts.map(({ name, ms }, i) => (
          <div key={name} className="flex items-center gap-2">
            <span aria-hidden className={cn("size-2 rounded-[2px]", SHADES[Math.min(i, SHADES.length - 1)])} />
            <dt className="flex-1 text-muted">{name}</dt>
            <dd className="font-mono tabular-nums">{duration(ms)}</dd>
          </div>
        ))}
        <div className="flex gap-2 border-t pt-1 text-faint">
          <dt className="flex-1">
            {queueMs === null ? "In all" : `Waited ${duration(queueMs)}, in all`}
          </dt>
          <dd className="font-mono tabular-nums">{duration(runMs ?? totalMs)}</dd>
        </div>
      </dl>
    </div>
  );
};
