"use client";

import type { Id, Matrix } from "@deadiff/schemas/contracts";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { FileSpreadsheet, Grid3x3, ImageDown, Plus, X } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { useTRPC, useTRPCClient } from "@/api/client";
import { explain } from "@/api/explain";
import { Button } from "@/components/button";
import { Page } from "@/components/page";
import { Progress } from "@/components/progress";
import { Segmented } from "@/components/segmented";
import { EmptyState, ErrorState, Skeleton } from "@/components/states";
import { saveAs } from "@/pictures/save-as";
import { ReferencePicture } from "@/references/reference-picture";
import type { StoredReference } from "@/references/stored";
import { note } from "@/shell/notes";
import { axesOf, cellIndex, cellsByPlace, referenceName } from "./axes";
import { Cell } from "./cell";
import { CellDialog } from "./cell-dialog";
import { matrixCsv } from "./export-csv";
import { matrixPicture } from "./export-picture";
import { fittingSize, MatrixTable, type CellSize } from "./matrix-table";
import { NoReference } from "./new-matrix";

const POLL_MS = 1500;

/** A matrix that fills cell by cell. */
export const MatrixView = ({ id }: { readonly id: Id<"matrix"> }) => {
  const trpc = useTRPC();
  const { data: matrix, error, refetch } = useQuery(
    trpc.matrices.get.queryOptions({ id }, { refetchInterval: ({ state }) => (state.data?.is_terminal === false ? POLL_MS : false) }),
  );
  const again = (
    <Button asChild>
      <Link href="/matrix">
        <Plus aria-hidden /> New matrix
      </Link>
    </Button>
  );
  if (matrix === undefined) {
    return (
      <Page title="Matrix" actions={again}>
        {error === null ? <Skeleton className="h-[60dvh] w-full" /> : <ErrorState error={error} onRetry={() => void refetch()} />}
      </Page>
    );
  }
  if (matrix.cells.length === 0) {
    return (
      <Page title="Matrix" actions={again}>
        <EmptyState icon={<Grid3x3 />} title="Nothing is left of it">
          All of its pictures were deleted.
        </EmptyState>
      </Page>
    );
  }
  return <Filled matrix={matrix} />;
};

const SIZES = [
  { value: "s", label: "S", name: "Small cells" },
  { value: "m", label: "M", name: "Middle cells" },
  { value: "l", label: "L", name: "Large cells" },
] as const;

const Filled = ({ matrix }: { readonly matrix: Matrix }) => {
  const [size, setSize] = useState<CellSize>(() => fittingSize(matrix.axes.prompts));
  const [open, setOpen] = useState<number>();
  const axes = axesOf(matrix);
  const cells = cellsByPlace(matrix);
  const total = matrix.axes.references * matrix.axes.prompts * matrix.axes.strengths;
  const ended = matrix.cells.filter((job) => job.is_terminal).length + (total - matrix.cells.length);
  const failed = matrix.counts.failed + matrix.counts.expired;
  const nameOf = (r: number, p: number, s: number): string => {
    const prompt = axes.prompts[p] ?? "";
    return [prompt === "" ? "no prompt" : prompt, referenceName(axes.references[r] ?? [], r), ...(axes.strengths.length > 1 ? [`strength ${axes.strengths[s] ?? 1} ×`] : [])].join(", ");
  };
  const nameAt = (place: number): string => {
    const { prompts, strengths } = matrix.axes;
    return nameOf(Math.floor(place / (prompts * strengths)), Math.floor(place / strengths) % prompts, place % strengths);
  };
  const shown = open === undefined ? undefined : cells.get(open);
  const step = (by: -1 | 1) => {
    const places = [...cells.keys()].sort((a, b) => a - b);
    const at = places.indexOf(open ?? 0);
    setOpen(places[(at + by + places.length) % places.length]);
  };
  return (
    <Page
      title="Matrix"
      intro={matrix.is_terminal ? `${matrix.counts.succeeded} of ${total} ${total === 1 ? "picture" : "pictures"}, all from seed ${matrix.cells[0]?.seed ?? "–"}.` : `${ended} of ${total} done.`}
      actions={<Actions matrix={matrix} references={axes.references} />}
    >
      <div role="status" aria-live="polite" className="sr-only">
        {matrix.is_terminal ? "The matrix is done." : `${ended} of ${total} cells are done.`}
      </div>
      <div className="mb-4 flex min-h-8 flex-wrap items-center justify-between gap-4">
        {matrix.is_terminal ? <p className="text-muted">{failed > 0 ? `${failed} ${failed === 1 ? "cell" : "cells"} failed: open one to see why.` : "Click a cell to see it up close."}</p> : <Progress label="Cells done" value={ended / total} className="max-w-md flex-1" />}
        <Segmented size="sm" label="Size of the cells" className="w-28" value={size} options={SIZES} onChange={setSize} />
      </div>
      <MatrixTable
        caption="References down, prompts across"
        size={size}
        references={axes.references.map((set, r) => ({ key: String(r), head: <Head set={set} name={referenceName(set, r)} /> }))}
        prompts={axes.prompts}
        strengths={axes.strengths}
        cell={(r, p, s) => {
          const place = cellIndex(matrix.axes, r, p, s);
          return <Cell job={cells.get(place)} name={nameOf(r, p, s)} onOpen={() => setOpen(place)} />;
        }}
      />
      {shown !== undefined && open !== undefined && <CellDialog job={shown} title={nameAt(open)} onClose={() => setOpen(undefined)} onStep={step} />}
    </Page>
  );
};

const Head = ({ set, name }: { readonly set: readonly StoredReference[]; readonly name: string }) => {
  const members = set.flatMap((reference) => reference.members);
  const [first] = members;
  if (first === undefined) return <NoReference />;
  return (
    <span className="relative block">
      <ReferencePicture source={first.source} name={name} />
      {members.length > 1 && <span className="absolute right-1 bottom-1 rounded-full bg-black/60 px-1.5 text-[0.625rem] text-white">+{members.length - 1}</span>}
    </span>
  );
};

const Actions = ({ matrix, references }: { readonly matrix: Matrix; readonly references: readonly (readonly StoredReference[])[] }) => {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queries = useQueryClient();
  const cancel = useMutation(
    trpc.matrices.cancel.mutationOptions({
      onSuccess: (canceled) => queries.setQueryData(trpc.matrices.get.queryKey({ id: matrix.id }), canceled),
      onError: (error) => note.error(explain(error).title),
    }),
  );
  const picture = useMutation({
    mutationFn: async () => {
      const urls = await Promise.all(
        references.map(async (set) => {
          const source = set[0]?.members[0]?.source;
          if (source === undefined || !("image" in source)) return null;
          return (await client.uploads.get.query({ id: source.image }).catch(() => undefined))?.url ?? null;
        }),
      );
      saveAs(await matrixPicture(matrix, urls), `matrix-${matrix.created_at.slice(0, 10)}.png`);
    },
    onError: () => note.error("The sheet could not be drawn.", { description: "Some pictures did not load. Try again." }),
  });
  return (
    <>
      {!matrix.is_terminal && (
        <Button busy={cancel.isPending} onClick={() => cancel.mutate({ id: matrix.id })}>
          <X aria-hidden /> Cancel
        </Button>
      )}
      <Button onClick={() => saveAs(new Blob([matrixCsv(matrix)], { type: "text/csv;charset=utf-8" }), `matrix-${matrix.created_at.slice(0, 10)}.csv`)}>
        <FileSpreadsheet aria-hidden /> CSV
      </Button>
      <Button busy={picture.isPending} onClick={() => picture.mutate()}>
        <ImageDown aria-hidden /> Picture
      </Button>
      <Button asChild variant="primary">
        <Link href="/matrix">
          <Plus aria-hidden /> New
        </Link>
      </Button>
    </>
  );
};
