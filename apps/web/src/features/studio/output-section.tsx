"use client";

import { Dices, Lock, LockOpen } from "lucide-react";
import { Field, fieldIds } from "@/components/field";
import { IconButton } from "@/components/icon-button";
import { Input } from "@/components/input";
import { Segmented } from "@/components/segmented";
import { Slider } from "@/components/slider";
import { useModel } from "./model";
import { Section } from "./section";
import { drawSeed, useStudio, type PresetName } from "./state";

const COUNTS = ["1", "2", "4", "8"] as const;
const PRESETS: readonly { readonly value: Exclude<PresetName, "custom">; readonly label: string }[] = [
  { value: "fast", label: "Fast" },
  { value: "balanced", label: "Balanced" },
  { value: "faithful", label: "Faithful" },
];

/** How many, how strong, how careful, and from which noise. */
export const OutputSection = () => {
  const { count, strength, seed, seedLocked, preset, set } = useStudio();
  const { data: model } = useModel();
  const about = model?.presets.find(({ name }) => name === preset)?.description;
  return (
    <Section title="Output">
      <div className="grid gap-5">
        <Field id="preset" label="Quality" value={preset === "custom" && <span className="text-xs text-muted">custom</span>} hint={about ?? (preset === "custom" ? "Your own values, below under Advanced." : "How much time a picture is given.")}>
          <Segmented label="Quality" describedBy={fieldIds("preset").hintId} value={preset === "custom" ? undefined : preset} options={PRESETS} onChange={(next) => set({ preset: next, sampling: null })} />
        </Field>
        <Slider id="strength" label="Strength" unit="×" hint="How strongly the references act: 0 ignores them." value={strength} min={0} max={2} step={0.05} neutral={1} onChange={(next) => set({ strength: next })} />
        <Field id="count" label="Pictures" hint="How many are made at once, each from its own noise.">
          <Segmented label="Pictures" describedBy={fieldIds("count").hintId} value={String(count)} options={COUNTS.map((value) => ({ value, label: value, name: value === "1" ? "1 picture" : `${value} pictures` }))} onChange={(next) => set({ count: Number(next) })} />
        </Field>
        <Field id="seed" label="Seed" hint={seedLocked ? "Locked: the next pictures start from the same noise." : "The noise they start from; a new one each time."}>
          <div className="flex gap-1.5">
            <Input
              id="seed"
              aria-describedby={fieldIds("seed").hintId}
              inputMode="numeric"
              className="font-mono tabular-nums"
              value={seed}
              onChange={(event) => {
                const typed = Number(event.target.value.replace(/\D/g, ""));
                if (typed <= 0xffffffff - 8) set({ seed: typed, seedLocked: true });
              }}
            />
            <IconButton label="Draw another seed" variant="secondary" onClick={() => set({ seed: drawSeed() })}>
              <Dices aria-hidden />
            </IconButton>
            <IconButton label={seedLocked ? "Unlock the seed" : "Lock the seed"} aria-pressed={seedLocked} variant="secondary" className={seedLocked ? "border-accent bg-accent-soft text-accent-text" : ""} onClick={() => set({ seedLocked: !seedLocked })}>
              {seedLocked ? <Lock aria-hidden /> : <LockOpen aria-hidden />}
            </IconButton>
          </div>
        </Field>
      </div>
    </Section>
  );
};
