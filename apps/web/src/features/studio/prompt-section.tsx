"use client";

import { Plus } from "lucide-react";
import { useId, useMemo, useState } from "react";
import { Textarea } from "@/components/input";
import { useModel } from "./model";
import { PromptField } from "./prompt-field";
import { Section } from "./section";
import { useStudio } from "./state";
import { markUnknown } from "./words";

/** What the pictures show, and what they keep away from. */
export const PromptSection = () => {
  const { prompt, negativePrompt, set } = useStudio();
  const { data: model } = useModel();
  const words = useMemo(() => (model?.vocabulary == null ? null : new Set(model.vocabulary.words)), [model]);
  const unknown = useMemo(() => [...new Set(markUnknown(prompt, words).flatMap(({ text, known }) => (known ? [] : [text])))], [prompt, words]);
  const [avoiding, setAvoiding] = useState(false);
  const negativeId = useId();
  return (
    <Section
      title="Prompt"
      aside={
        !avoiding && negativePrompt === "" ? (
          <button type="button" onClick={() => setAvoiding(true)} className="inline-flex items-center gap-1 rounded-sm text-xs text-muted hover:text-ink">
            <Plus aria-hidden className="size-3.5" /> Negative prompt
          </button>
        ) : null
      }
    >
      <div className="grid gap-1.5">
        <PromptField id="prompt" label="Prompt" value={prompt} vocabulary={model?.vocabulary ?? null} words={words} onChange={(next) => set({ prompt: next })} placeholder="a mushroom" />
        <p id="prompt-hint" className="text-xs text-faint">
          {unknown.length === 0 ? (
            "Says what the picture shows; the references say how."
          ) : (
            <span role="status" className="text-warn">
              {model?.name ?? "The model"} was never shown {unknown.map((word) => `“${word}”`).join(", ")} and leaves {unknown.length === 1 ? "it" : "them"} out.
            </span>
          )}
        </p>
      </div>
      {(avoiding || negativePrompt !== "") && (
        <div className="grid gap-1.5">
          <label htmlFor={negativeId} className="font-medium">
            Negative prompt
          </label>
          <Textarea id={negativeId} aria-describedby={`${negativeId}-hint`} autoFocus={avoiding} rows={2} className="min-h-0" value={negativePrompt} maxLength={4000} onChange={(event) => set({ negativePrompt: event.target.value })} />
          <p id={`${negativeId}-hint`} className="text-xs text-faint">
            Words that the picture is led away from.
          </p>
        </div>
      )}
    </Section>
  );
};
