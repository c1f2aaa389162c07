"use client";

import { CircleOff, Grid3x3 } from "lucide-react";
import { useEffect } from "react";
import { Button } from "@/components/button";
import { Field, fieldIds } from "@/components/field";
import { Input, Textarea } from "@/components/input";
import { Page } from "@/components/page";
import { Segmented } from "@/components/segmented";
import { EmptyState, ErrorState } from "@/components/states";
import { ReferencePicture } from "@/references/reference-picture";
import { useDraft, type Quality } from "./draft";
import { MatrixTable } from "./matrix-table";
import { RecentMatrices } from "./recent-matrices";
import { RowsField } from "./rows-field";
import { StrengthsField } from "./strengths-field";
import { useCreateMatrix } from "./use-create-matrix";

const QUALITIES: readonly { readonly value: Quality; readonly label: string }[] = [
  { value: "fast", label: "Fast" },
  { value: "balanced", label: "Balanced" },
  { value: "faithful", label: "Faithful" },
];

/** Puts a matrix together, its grid in sight all the while. */
export const NewMatrix = () => {
  const draft = useDraft();
  const { run, busy, error, blocked, cells, credits, lines } = useCreateMatrix();
  useEffect(() => void useDraft.persist.rehydrate(), []);
  const shownPrompts = lines.length === 0 ? [""] : lines;
  return (
    <Page title="Matrix" intro="Every reference with every prompt at every strength, all from the same noise: what differs is what you changed.">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-6 lg:grid-cols-[22rem_minmax(0,1fr)] xl:gap-8">
        <form
          className="grid content-start gap-6"
          onSubmit={(event) => {
            event.preventDefault();
            run();
          }}
        >
          <RowsField />
          <Field id="prompts" label="Prompts" value={<span className="text-xs text-faint tabular-nums">{lines.length === 0 ? "one a line" : `${lines.length} ${lines.length === 1 ? "column" : "columns"}`}</span>} hint="One a line; each is a column of the grid.">
            <Textarea id="prompts" aria-describedby={fieldIds("prompts").hintId} rows={4} value={draft.prompts} placeholder={"a fox\na castle\na mushroom"} onChange={(event) => draft.set({ prompts: event.target.value })} />
          </Field>
          <StrengthsField value={draft.strengths} onChange={(strengths) => draft.set({ strengths })} />
          <Field id="matrix-quality" label="Quality" hint="How much time each picture is given.">
            <Segmented label="Quality" describedBy={fieldIds("matrix-quality").hintId} value={draft.quality} options={QUALITIES} onChange={(quality) => draft.set({ quality })} />
          </Field>
          <Field id="matrix-seed" label="Seed" hint="The noise that every cell starts from; empty: a new one.">
            <Input
              id="matrix-seed"
              aria-describedby={fieldIds("matrix-seed").hintId}
              inputMode="numeric"
              className="font-mono tabular-nums"
              placeholder="drawn"
              value={draft.seed ?? ""}
              onChange={(event) => {
                const digits = event.target.value.replace(/\D/g, "");
                const typed = Number(digits);
                if (typed <= 0xffffffff) draft.set({ seed: digits === "" ? null : typed });
              }}
            />
          </Field>
          <div className="grid gap-2">
            <Button type="submit" variant="primary" size="lg" busy={busy} aria-disabled={blocked !== null}>
              <Grid3x3 aria-hidden /> {cells > 0 ? `Make ${cells} ${cells === 1 ? "picture" : "pictures"}` : "Make the matrix"}
            </Button>
            <p role="status" className="min-h-5 text-center text-xs text-faint">
              {blocked ?? `${draft.rows.length} × ${shownPrompts.length} × ${draft.strengths.length} cells${credits === null ? "" : ` · ${credits} ${credits === 1 ? "credit" : "credits"}`}`}
            </p>
            {error !== null && <ErrorState error={error} className="py-4" />}
          </div>
        </form>
        <div className="grid min-w-0 content-start gap-8">
          {draft.rows.length === 0 ? (
            <EmptyState className="my-6 max-w-md" icon={<Grid3x3 />} title="A grid to compare with">
              Add references and prompts: the grid takes shape here before anything is made.
            </EmptyState>
          ) : (
            <MatrixTable
              caption="The matrix as it will be"
              size="m"
              references={draft.rows.map(({ key, picked }) => ({ key, head: picked === null ? <NoReference /> : <ReferencePicture source={picked.source} name={picked.name} /> }))}
              prompts={shownPrompts}
              strengths={draft.strengths}
              cell={() => <span aria-hidden className="checker block aspect-square rounded-md opacity-60" />}
            />
          )}
          <RecentMatrices />
        </div>
      </div>
    </Page>
  );
};

/** The head of the row that has the prompt alone. */
export const NoReference = () => (
  <span className="grid aspect-square place-items-center content-center gap-1 rounded-md border border-dashed border-line-strong text-xs text-faint">
    <CircleOff aria-hidden className="size-5" />
    none
  </span>
);
