"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";
import { useTRPC } from "@/api/client";
import { explain } from "@/api/explain";
import { note } from "@/shell/notes";
import { useOnline } from "@/shell/offline-bar";
import { useModel } from "./model";
import { samplingOf, toJobInput } from "./request";
import { drawSeed, isThere, useStudio } from "./state";
import { tellOtherTabs } from "./tabs";

/** The Generate button's state. */
export interface Generate {
  readonly run: () => void;
  readonly busy: boolean;
  /** Why it cannot run now, in words. */
  readonly blocked: string | null;
  /** What it would cost, where that is known. */
  readonly credits: number | null;
}

/** Turns the desk into a job. Cmd-Enter and Ctrl-Enter do it, too. */
export const useGenerate = (): Generate => {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { data: model, error: modelError } = useModel();
  const online = useOnline();
  const prompt = useStudio((state) => state.prompt);
  const references = useStudio((state) => state.references);
  const count = useStudio((state) => state.count);
  const create = useMutation(
    trpc.jobs.create.mutationOptions({
      onSuccess: (job) => {
        queries.setQueryData(trpc.jobs.get.queryKey({ id: job.id }), job);
        useStudio.getState().show(job.id);
        // On a phone the pictures stand above the controls.
        document.getElementById("stage")?.scrollIntoView({ block: "nearest" });
        void queries.invalidateQueries({ queryKey: trpc.jobs.list.queryKey() });
        tellOtherTabs();
      },
      onError: (error) => {
        const { title, advice } = explain(error);
        note.error(title, { description: advice });
      },
    }),
  );

  const blocked = !online
    ? "You are offline."
    : modelError !== null
      ? explain(modelError).signIn === true
        ? "Sign in to make pictures."
        : "The service does not answer."
      : model === undefined
        ? "Getting ready …"
        : references.some(({ fault }) => fault !== null)
          ? "Remove the reference that failed."
          : !references.every(isThere)
            ? "Waiting for a reference to arrive …"
            : references.length === 0 && prompt.trim() === ""
              ? "Add a reference or write a prompt."
              : null;

  const { mutate, isPending } = create;
  const run = useCallback(() => {
    if (blocked !== null || model === undefined || isPending) return;
    const state = useStudio.getState();
    if (!state.seedLocked) state.set({ seed: drawSeed() });
    const now = useStudio.getState();
    mutate({ input: toJobInput(now, now.references, model), idempotency_key: crypto.randomUUID() });
  }, [blocked, isPending, model, mutate]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      run();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [run]);

  const steps = model === undefined ? null : samplingOf(useStudio.getState(), model).steps;
  return { run, busy: isPending, blocked, credits: steps === null ? null : count * Math.ceil(steps / 50) };
};
