"use client";

import { Images, Plus } from "lucide-react";
import dynamic from "next/dynamic";
import { useRef, useState } from "react";
import { IconButton } from "@/components/icon-button";
import { ReferenceCard } from "./reference-card";
import { Section } from "./section";
import { Shelf } from "./shelf";
import { useStudio } from "./state";
import type { AddFiles } from "./use-arrivals";

const PicturePicker = dynamic(() => import("./picture-picker").then((module) => module.PicturePicker), { ssr: false });

const HINT = "references-hint";

/** The references: what the pictures follow. */
export const ReferencesSection = ({ addFiles }: { readonly addFiles: AddFiles }) => {
  const references = useStudio((state) => state.references);
  const [picking, setPicking] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  return (
    <Section title="References" aside={references.length > 0 && <span className="text-xs text-faint tabular-nums">{references.length} of 8</span>}>
      {references.length > 0 && (
        <>
          <ul className="grid gap-2">
            {references.map((reference) => (
              <ReferenceCard key={reference.key} reference={reference} alone={references.length === 1} describedBy={HINT} />
            ))}
          </ul>
          <p id={HINT} className="text-xs text-faint">
            Style lends how it is drawn, content what it shows. 1 × takes {references.length === 1 ? "it" : "each"} as it is, 0 × not at all.
          </p>
        </>
      )}
      <div className="grid grid-cols-[1fr_auto] gap-1.5">
        <button
          type="button"
          onClick={() => input.current?.click()}
          className="flex items-center justify-center gap-2 rounded-lg border border-dashed border-line-strong px-3 py-3 text-muted transition-colors hover:border-accent hover:bg-accent-soft/50 hover:text-ink"
        >
          <Plus aria-hidden className="size-4" />
          <span>
            <span className="font-medium text-ink">Add a picture</span>
            <span className="hidden sm:inline"> – or drop or paste</span>
          </span>
        </button>
        <IconButton label="From your gallery" variant="secondary" className="h-auto w-11 rounded-lg" onClick={() => setPicking(true)}>
          <Images aria-hidden />
        </IconButton>
      </div>
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
      {picking && <PicturePicker onClose={() => setPicking(false)} />}
    </Section>
  );
};
