"use client";

import * as Radix from "radix-ui/slider";
import { Field, fieldIds } from "./field";
import { NumberInput } from "./number-input";

interface SliderProps {
  readonly id: string;
  readonly label: string;
  readonly unit: string;
  readonly hint: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** A mark on the track: the value that changes nothing. */
  readonly neutral?: number;
  readonly onChange: (value: number) => void;
}

/** A track with one thumb. */
export const Track = ({ label, labelledBy, describedBy, valueText, value, min, max, step, neutral, onChange }: Pick<SliderProps, "value" | "min" | "max" | "step" | "neutral" | "onChange"> & { readonly label?: string; readonly labelledBy?: string; readonly describedBy?: string; readonly valueText?: string }) => (
  <Radix.Root className="relative flex h-6 w-full touch-none items-center" value={[value]} min={min} max={max} step={step} onValueChange={([next]) => next !== undefined && onChange(next)}>
    <Radix.Track className="relative h-1 w-full grow rounded-full bg-line-strong/70">
      {neutral !== undefined && <span aria-hidden className="absolute -top-1 h-3 w-px bg-line-strong" style={{ left: `${((neutral - min) / (max - min)) * 100}%` }} />}
      <Radix.Range className="absolute h-full rounded-full bg-accent" />
    </Radix.Track>
    <Radix.Thumb
      aria-label={label}
      aria-labelledby={labelledBy}
      aria-describedby={describedBy}
      aria-valuetext={valueText}
      className="block size-4 rounded-full border-2 border-accent bg-raised shadow-card transition-transform hover:scale-110 active:scale-95"
    />
  </Radix.Root>
);

/** A number on a scale, to drag or to type. */
export const Slider = ({ id, label, unit, hint, ...scale }: SliderProps) => {
  const { labelId, hintId } = fieldIds(id);
  return (
    <Field id={id} label={label} hint={hint} value={<NumberInput label={label} describedBy={hintId} unit={unit} {...scale} />}>
      <Track labelledBy={labelId} describedBy={hintId} valueText={`${scale.value} ${unit}`} {...scale} />
    </Field>
  );
};
