"use client";

import { Plus } from "lucide-react";
import { useRef } from "react";
import { ReferenceCard } from "./reference-card";
import { Section } from "./section";
import { Shelf } from "./shelf";
import { useStudio } from "./state";
import type { AddFiles } from "./use-arrivals";

/** The references: what the pictures follow. */
export const ReferencesSection = ({ addFiles }: { readonly addFiles: AddFiles }) => {
  const references = useStudio((state) => state.references);
  const input = useRef<HTMLInputElement>(null);
  return (
    <Section title="References" aside={references.length > 0 && <span className="text-xs text-faint tabular-nums">{references.length} of 8</span>}>
      {references.length > 0 && (
        <ul className="grid gap-2">
          {references.map((reference) => (
            <ReferenceCard key={reference.key} reference={reference} alone={references.length === 1} />
          ))}
        </ul>
      )}
      <button
        type="button"
        onClick={() => input.current?.click()}
        className="flex items-center justify-center gap-2 rounded-lg border border-dashed border-line-strong px-3 py-3 text-muted transition-colors hover:border-accent hover:bg-accent-soft/50 hover:text-ink"
      >
        <Plus aria-hidden className="size-4" />
        <span>
          <span className="font-medium text-ink">Add a picture</span>
          <span className="hidden sm:inline"> – or drop or paste one</span>
        </span>
      </button>
      <input
        ref={input}
        type="file"
        aria-label="Reference files"
        accept="image/*"
        multiple
        tabIndex={-1}
        className="sr-only"
        onChange={(event) => {
          void addFiles([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      <Shelf />
    </Section>
  );
};
