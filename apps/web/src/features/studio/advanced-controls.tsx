"use client";

import { RotateCcw } from "lucide-react";
import { Button } from "@/components/button";
import { Field, fieldIds } from "@/components/field";
import { Segmented } from "@/components/segmented";
import { Select } from "@/components/select";
import { Slider } from "@/components/slider";
import { Gains } from "./gains";
import type { Model, Sampling } from "./model";
import { samplingOf } from "./request";
import { useStudio } from "./state";

const SAMPLERS: Readonly<Record<Sampling["sampler"], { readonly label: string; readonly note: string }>> = {
  dpmpp_2m: { label: "DPM-Solver++ (2M)", note: "Good in few steps" },
  ddim: { label: "DDIM", note: "The one of the paper" },
  euler: { label: "Euler", note: "Plain and quick" },
  euler_ancestral: { label: "Euler ancestral", note: "Adds noise as it goes: livelier" },
  heun: { label: "Heun", note: "Two looks a step: twice the time" },
  dpm_2: { label: "DPM2", note: "Two looks a step: twice the time" },
  lms: { label: "LMS", note: "Uses the last steps to guess the next" },
};

const SPACINGS: Readonly<Record<Sampling["spacing"], string>> = { normal: "Even", karras: "Karras" };

/** Sampling, and the gain of each layer. */
export const AdvancedControls = ({ model }: { readonly model: Model }) => {
  const { preset, sampling, gains, set } = useStudio();
  const now = samplingOf({ preset, sampling }, model);
  const change = (part: Partial<Sampling>) => {
    const next = { ...now, ...part };
    set({ preset: "custom", sampling: next.sampler === "ddim" ? { ...next, spacing: "normal" } : next });
  };
  return (
    <div className="grid gap-5">
      <Field id="sampler" label="Sampler" hint="The rule by which noise becomes a picture.">
        <Select id="sampler" label="Sampler" describedBy={fieldIds("sampler").hintId} value={now.sampler} options={model.samplers.map((value) => ({ value, ...SAMPLERS[value] }))} onChange={(sampler) => change({ sampler })} />
      </Field>
      {now.sampler !== "ddim" && (
        <Field id="spacing" label="Spacing" hint="How the steps are spread: Karras spends more of them on detail.">
          <Segmented label="Spacing" describedBy={fieldIds("spacing").hintId} value={now.spacing} options={model.spacings.map((value) => ({ value, label: SPACINGS[value] }))} onChange={(spacing) => change({ spacing })} />
        </Field>
      )}
      <Slider id="steps" label="Steps" unit="steps" hint="More steps take longer and bring finer detail." value={now.steps} min={1} max={60} step={1} onChange={(steps) => change({ steps })} />
      <Slider id="guidance" label="Guidance" unit="×" hint="How closely the prompt is followed; high values look harsh." value={now.guidance} min={1} max={15} step={0.5} onChange={(guidance) => change({ guidance })} />
      <Slider id="prompt-guidance" label="Prompt guidance" unit="×" hint="Follows the prompt closer than the references, which pull toward themselves; takes longer." value={now.prompt_guidance} min={0} max={10} step={0.5} onChange={(prompt_guidance) => change({ prompt_guidance })} />
      <Gains model={model} value={gains} onChange={(next) => set({ gains: next })} />
      <Button size="sm" className="justify-self-start" disabled={preset !== "custom" && gains === null} onClick={() => set({ preset: "balanced", sampling: null, gains: null })}>
        <RotateCcw aria-hidden /> Reset advanced
      </Button>
    </div>
  );
};
