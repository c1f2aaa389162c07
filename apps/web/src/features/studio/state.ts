"use client";

import type { Crop, Id, ReferenceMode } from "@deadiff/schemas/contracts";
import { create } from "zustand";
import { persist } from "zustand/middleware";
import type { ReferenceFit } from "@/references/as-seen";
import type { Sampling } from "./model";

/** What a reference is, where it is no upload. */
export type Saved = { readonly style: Id<"style"> } | { readonly blend: readonly { readonly style: Id<"style">; readonly weight: number }[] } | { readonly code: Id<"code"> } | { readonly url: string };

/** A reference on the desk. */
export interface DeskReference {
  /** Its place on the desk: not the upload's. */
  readonly key: string;
  readonly name: string;
  readonly weight: number;
  readonly mode: ReferenceMode;
  readonly fit: ReferenceFit;
  /** Shows it: an address of this page, or one that the store signed. */
  readonly url: string | null;
  /** The upload, once it arrived. */
  readonly upload: Id<"upload"> | null;
  /** A reference that needs no upload: a saved style, a blend of styles, a code, an address. */
  readonly saved: Saved | null;
  /** The part that is used, in shares of its sides; null: all of it. The picture itself is sent whole. */
  readonly crop: Crop | null;
  /** Why it did not arrive. */
  readonly fault: { readonly title: string; readonly advice: string } | null;
}

/** The presets' names, and `custom` once one of their values was changed. */
export type PresetName = "fast" | "balanced" | "faithful" | "custom";

/** Everything the controls say. */
export interface Settings {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly count: number;
  readonly strength: number;
  readonly seed: number;
  /** Whether the next pictures start from the same noise. */
  readonly seedLocked: boolean;
  readonly preset: PresetName;
  /** Set while the preset is `custom`. */
  readonly sampling: Sampling | null;
  /** Gain per attention layer; null: 1 in every one. */
  readonly gains: readonly number[] | null;
}

/** A reference as it comes to the desk: taken as it is, for its style. */
export const newReference = (name: string, change: Partial<DeskReference> = {}): DeskReference => ({
  key: crypto.randomUUID(),
  name,
  weight: 1,
  mode: "style",
  fit: "stretch",
  url: null,
  upload: null,
  saved: null,
  crop: null,
  fault: null,
  ...change,
});

/** Whether a reference can be sent as it is. */
export const isThere = ({ upload, saved }: DeskReference): boolean => upload !== null || saved !== null;

interface Studio extends Settings {
  readonly references: readonly DeskReference[];
  /** Uploads by the SHA-256 of their file: the same picture is sent once. */
  readonly known: Readonly<Record<string, Id<"upload">>>;
  /** The job on the canvas; null: the newest. */
  readonly shown: Id<"job"> | null;
  readonly set: (change: Partial<Settings>) => void;
  readonly show: (job: Id<"job"> | null) => void;
  readonly addReference: (reference: DeskReference) => void;
  readonly changeReference: (key: string, change: Partial<Omit<DeskReference, "key">>) => void;
  readonly removeReference: (key: string) => void;
  readonly replaceReferences: (references: readonly DeskReference[]) => void;
  readonly remember: (sha256: string, upload: Id<"upload">) => void;
  readonly reset: () => void;
}

const SEEDS = 2 ** 32;

/** A seed that leaves room for the pictures after the first. */
export const drawSeed = (): number => ((crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % (SEEDS - 64)) >>> 0;

/** The controls as a first visit finds them. */
export const INITIAL: Settings = {
  prompt: "",
  negativePrompt: "",
  count: 4,
  strength: 1,
  seed: 1,
  seedLocked: false,
  preset: "balanced",
  sampling: null,
  gains: null,
};

/** The studio's controls. Kept in the browser: a reload finds the desk as it was. */
export const useStudio = create<Studio>()(
  persist(
    (set) => ({
      ...INITIAL,
      references: [],
      known: {},
      shown: null,
      set: (change) => set(change),
      show: (shown) => set({ shown }),
      addReference: (reference) => set(({ references }) => ({ references: [...references, reference] })),
      changeReference: (key, change) => set(({ references }) => ({ references: references.map((reference) => (reference.key === key ? { ...reference, ...change } : reference)) })),
      removeReference: (key) => set(({ references }) => ({ references: references.filter((reference) => reference.key !== key) })),
      replaceReferences: (references) => set({ references }),
      remember: (sha256, upload) => set(({ known }) => ({ known: { ...known, [sha256]: upload } })),
      reset: () => set({ ...INITIAL, references: [] }),
    }),
    {
      name: "studio",
      version: 2,
      // The server renders an empty desk; the browser's is put on it after the first paint.
      skipHydration: true,
      partialize: ({ prompt, negativePrompt, count, strength, seed, seedLocked, preset, sampling, gains, references, known }) => ({
        prompt, negativePrompt, count, strength, seed, seedLocked, preset, sampling, gains, known,
        // Addresses of this page end with it, and signed ones after a day.
        references: references.filter(isThere).map((reference) => ({ ...reference, url: null })),
      }),
    },
  ),
);
