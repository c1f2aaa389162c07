"use client";

import { Plus, X } from "lucide-react";
import { useState } from "react";
import { Field, fieldIds } from "@/components/field";
import { NumberInput } from "@/components/number-input";
import { Button } from "@/components/button";
import { MAX_AXIS } from "./draft";

const COMMON = [0.5, 0.75, 1, 1.25, 1.5, 2] as const;

/** The strengths of a matrix: a few in a click, any other by number. */
export const StrengthsField = ({ value, onChange }: { readonly value: readonly number[]; readonly onChange: (value: readonly number[]) => void }) => {
  const { hintId, labelId } = fieldIds("strengths");
  const [next, setNext] = useState(1.75);
  const put = (strengths: readonly number[]) => onChange([...new Set(strengths)].sort((a, b) => a - b).slice(0, MAX_AXIS));
  const shown = [...new Set([...COMMON, ...value])].sort((a, b) => a - b);
  return (
    <Field id="strengths" label="Strengths" hint="How strongly the references act: 0 ignores them. Each is a row of its own.">
      <div role="group" aria-labelledby={labelId} aria-describedby={hintId} className="flex flex-wrap gap-1.5">
        {shown.map((strength) => {
          const on = value.includes(strength);
          return (
            <Button
              key={strength}
              size="sm"
              aria-pressed={on}
              aria-label={`Strength ${strength} ×`}
              className={on ? "border-accent bg-accent-soft text-accent-text" : ""}
              onClick={() => (on ? value.length > 1 && put(value.filter((other) => other !== strength)) : put([...value, strength]))}
            >
              {strength} ×{on && value.length > 1 && <X aria-hidden className="size-3!" />}
            </Button>
          );
        })}
        <span className="flex items-center">
          <NumberInput label="Another strength" describedBy={hintId} unit="×" min={0} max={4} step={0.05} value={next} onChange={setNext} />
          <Button size="sm" variant="ghost" square aria-label={`Add strength ${next} ×`} onClick={() => put([...value, next])}>
            <Plus aria-hidden />
          </Button>
        </span>
      </div>
    </Field>
  );
};
