"use client";

import type { AppRouter } from "@deadiff/edge-api";
import type { TRPCLink } from "@trpc/client";
import { observable } from "@trpc/server/observable";
import { create } from "zustand";
import { persist } from "zustand/middleware";

/** A change that this browser asked the API for. */
export interface Call {
  readonly id: string;
  readonly at: string;
  /** The procedure: `jobs.create`. */
  readonly path: string;
  readonly input: unknown;
  readonly outcome: "open" | "done" | "failed";
  readonly ms: number | null;
}

const KEPT = 40;

interface Calls {
  readonly calls: readonly Call[];
  readonly put: (call: Call) => void;
  readonly clear: () => void;
}

/** The newest changes first, so that the developers' console can show them as code. Answers are not kept: some hold secrets. */
export const useCalls = create<Calls>()(
  persist(
    (set) => ({
      calls: [],
      put: (call) => set(({ calls }) => ({ calls: [call, ...calls.filter(({ id }) => id !== call.id)].slice(0, KEPT) })),
      clear: () => set({ calls: [] }),
    }),
    { name: "calls", version: 1, skipHydration: true },
  ),
);

/** Notes every mutation as it goes by. */
export const recordCalls: TRPCLink<AppRouter> = () => ({ op, next }) =>
  observable((observer) => {
    if (op.type !== "mutation") return next(op).subscribe(observer);
    const started = performance.now();
    const call: Call = { id: crypto.randomUUID(), at: new Date().toISOString(), path: op.path, input: op.input, outcome: "open", ms: null };
    const put = async (outcome: Call["outcome"], ms: number | null) => {
      // What earlier visits left is read before the first call is put on top of it.
      if (!useCalls.persist.hasHydrated()) await useCalls.persist.rehydrate();
      useCalls.getState().put({ ...call, outcome, ms });
    };
    const ended = (outcome: "done" | "failed") => void put(outcome, Math.round(performance.now() - started));
    void put("open", null);
    return next(op).subscribe({
      next: (value) => {
        ended("done");
        observer.next(value);
      },
      error: (error) => {
        ended("failed");
        observer.error(error);
      },
      complete: () => observer.complete(),
    });
  });
