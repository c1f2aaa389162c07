"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useTRPC } from "@/api/client";
import { useOnline } from "@/shell/offline-bar";
import { MAX_CELLS, promptLines, useDraft } from "./draft";

/** What the draft comes to, and how to make it. */
export const useCreateMatrix = () => {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const router = useRouter();
  const online = useOnline();
  const { rows, prompts, strengths, quality, seed } = useDraft();
  const { data: model } = useQuery(trpc.models.get.queryOptions({}, { staleTime: 300_000 }));
  const sampling = model?.presets.find(({ name }) => name === quality)?.settings;
  const lines = promptLines(prompts);
  const cells = rows.length * Math.max(1, lines.length) * strengths.length;
  // A reference without a prompt is a picture of its own; nothing at all is not.
  const empty = lines.length === 0 && rows.some(({ picked }) => picked === null);

  const create = useMutation(
    trpc.matrices.create.mutationOptions({
      onSuccess: (matrix) => {
        queries.setQueryData(trpc.matrices.get.queryKey({ id: matrix.id }), matrix);
        void queries.invalidateQueries({ queryKey: trpc.jobs.list.queryKey() });
        void queries.invalidateQueries({ queryKey: trpc.matrices.list.queryKey() });
        router.push(`/matrix/${matrix.id}`);
      },
    }),
  );

  const blocked = !online
    ? "You are offline."
    : rows.length === 0
      ? "Add at least one reference."
      : empty
        ? "Write a prompt: “none” has nothing to go by."
        : cells > MAX_CELLS
          ? `A matrix has at most ${MAX_CELLS} cells.`
          : null;

  const run = () => {
    if (blocked !== null || create.isPending) return;
    create.mutate({
      references: rows.map(({ picked }) => (picked === null ? [] : [picked.source])),
      prompts: lines.length === 0 ? [""] : [...lines],
      strengths: [...strengths],
      ...sampling,
      ...(seed === null ? {} : { seed }),
      idempotency_key: crypto.randomUUID(),
    });
  };

  return { run, busy: create.isPending, error: create.error, blocked, cells, credits: sampling === undefined ? null : cells * Math.ceil(sampling.steps / 50), lines };
};

