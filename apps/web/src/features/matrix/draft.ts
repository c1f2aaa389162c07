"use client";

import { create } from "zustand";
import { persist } from "zustand/middleware";
import type { Picked } from "@/references/picked";

/** A row of the grid: one reference, or none (the prompt alone). */
export interface DraftRow {
  readonly key: string;
  readonly picked: Picked | null;
}

/** How much time each picture is given. */
export type Quality = "fast" | "balanced" | "faithful";

/** A matrix that is being put together. */
export interface Draft {
  readonly rows: readonly DraftRow[];
  /** One a line. */
  readonly prompts: string;
  readonly strengths: readonly number[];
  readonly quality: Quality;
  /** The noise that every cell starts from; null: drawn when it is made. */
  readonly seed: number | null;
}

interface DraftStore extends Draft {
  readonly set: (change: Partial<Draft>) => void;
}

export const MAX_CELLS = 64;
export const MAX_AXIS = 16;

/** The matrix on the desk. Kept in the browser. */
export const useDraft = create<DraftStore>()(
  persist(
    (set) => ({
      rows: [],
      prompts: "",
      strengths: [1],
      quality: "fast",
      seed: null,
      set: (change) => set(change),
    }),
    {
      name: "matrix",
      version: 1,
      skipHydration: true,
      partialize: ({ rows, prompts, strengths, quality, seed }) => ({ rows, prompts, strengths, quality, seed }),
    },
  ),
);

/** The prompts of a text with one a line; empty lines and repetitions left out. */
export const promptLines = (text: string): readonly string[] => [...new Set(text.split("\n").map((line) => line.trim()).filter((line) => line !== ""))];
