"use client";

import { X } from "lucide-react";
import { useState } from "react";
import { Input } from "@/components/input";

const MOST = 20;
const LONGEST = 40;

/** Tags: typed and taken with Enter or a comma, removed by their cross or with Backspace. */
export const TagEditor = ({ id, describedBy, value, onChange }: { readonly id: string; readonly describedBy?: string; readonly value: readonly string[]; readonly onChange: (value: readonly string[]) => void }) => {
  const [draft, setDraft] = useState("");
  const take = () => {
    const tags = draft.split(",").map((tag) => tag.trim().toLowerCase().slice(0, LONGEST)).filter((tag) => tag !== "");
    setDraft("");
    if (tags.length > 0) onChange([...new Set([...value, ...tags])].slice(0, MOST));
  };
  return (
    <div className="grid gap-2">
      {value.length > 0 && (
        <ul className="flex flex-wrap gap-1.5">
          {value.map((tag) => (
            <li key={tag} className="inline-flex items-center gap-1 rounded-full bg-sunken py-0.5 pr-1 pl-2.5 text-xs">
              {tag}
              <button type="button" aria-label={`Remove the tag ${tag}`} onClick={() => onChange(value.filter((other) => other !== tag))} className="grid size-5 place-items-center rounded-full text-faint hover:bg-hover hover:text-ink">
                <X aria-hidden className="size-3" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <Input
        id={id}
        aria-describedby={describedBy}
        value={draft}
        placeholder={value.length === 0 ? "ink, warm, coarse" : "Add a tag"}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === "Enter" || event.key === ",") {
            event.preventDefault();
            take();
          }
          if (event.key === "Backspace" && draft === "") onChange(value.slice(0, -1));
        }}
      />
    </div>
  );
};
