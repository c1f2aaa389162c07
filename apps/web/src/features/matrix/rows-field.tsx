"use client";

import { CircleOff, Plus, X } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/button";
import { IconButton } from "@/components/icon-button";
import { ReferencePicker } from "@/references/reference-picker";
import { ReferencePicture } from "@/references/reference-picture";
import { MAX_AXIS, useDraft } from "./draft";

/** The references of a matrix, one a row group. "None" is the prompt alone, to compare with. */
export const RowsField = () => {
  const rows = useDraft((draft) => draft.rows);
  const set = useDraft((draft) => draft.set);
  const [picking, setPicking] = useState(false);
  const withNone = rows.some(({ picked }) => picked === null);
  return (
    <fieldset className="grid gap-1.5">
      <legend className="mb-1.5 font-medium">References</legend>
      {rows.length > 0 && (
        <ul className="flex flex-wrap gap-2">
          {rows.map(({ key, picked }) => {
            const name = picked?.name ?? "No reference";
            return (
              <li key={key} className="group relative w-16" title={name}>
                {picked === null ? (
                  <span className="grid aspect-square place-items-center rounded-md border border-dashed border-line-strong text-faint">
                    <CircleOff aria-hidden className="size-5" />
                  </span>
                ) : (
                  <ReferencePicture source={picked.source} name={name} />
                )}
                <span className="mt-1 block truncate text-center text-xs text-muted">{picked === null ? "none" : name}</span>
                <IconButton
                  size="sm"
                  variant="secondary"
                  label={`Remove ${name}`}
                  className="absolute -top-2 -right-2 size-6 rounded-full opacity-0 transition-opacity group-focus-within:opacity-100 group-hover:opacity-100 [@media(hover:none)]:opacity-100"
                  onClick={() => set({ rows: useDraft.getState().rows.filter((row) => row.key !== key) })}
                >
                  <X aria-hidden className="size-3!" />
                </IconButton>
              </li>
            );
          })}
        </ul>
      )}
      <div className="flex flex-wrap gap-1.5">
        <Button onClick={() => setPicking(true)} disabled={rows.length >= MAX_AXIS}>
          <Plus aria-hidden /> Add references
        </Button>
        {!withNone && (
          <Button variant="ghost" disabled={rows.length >= MAX_AXIS} onClick={() => set({ rows: [...rows, { key: crypto.randomUUID(), picked: null }] })}>
            <CircleOff aria-hidden /> Add “none”
          </Button>
        )}
      </div>
      <p className="text-xs text-faint">Each is a row of the grid; “none” shows what the prompt gives alone.</p>
      <ReferencePicker
        open={picking}
        onOpenChange={setPicking}
        room={MAX_AXIS - rows.length}
        // Several arrive while one is being sent: what is there now is added to.
        onPick={(picked) => set({ rows: [...useDraft.getState().rows, { key: picked.key, picked }] })}
      />
    </fieldset>
  );
};
