"use client";

import { useQuery } from "@tanstack/react-query";
import tokenizer from "../../../../../models/mini/tokenizer.json";

export interface Sampling { readonly sampler: "ddim" | "euler" | "euler_ancestral" | "heun" | "dpm_2" | "lms" | "dpmpp_2m"; readonly spacing: "normal" | "karras"; readonly steps: number; readonly guidance: number }
export interface Model {
  readonly name: string; readonly version: string; readonly encoder_side: number; readonly defaults: Sampling; readonly samplers: readonly Sampling["sampler"][]; readonly spacings: readonly Sampling["spacing"][];
  readonly layers: readonly ("style" | "content" | "both")[];
  readonly presets: readonly { readonly name: string; readonly description: string; readonly settings: Sampling }[];
  readonly gain_presets: readonly { readonly name: string; readonly title: string; readonly description: string; readonly gains: readonly number[] }[];
  readonly vocabulary: { readonly words: readonly string[]; readonly subjects: readonly string[]; readonly context_length: number } | null;
}
const s = (steps: number): Sampling => ({ sampler: "dpmpp_2m", spacing: "normal", steps, guidance: 4 });
const MODEL: Model = {
  name: "mini", version: "1", encoder_side: 64, defaults: s(20), samplers: ["dpmpp_2m", "ddim", "euler", "euler_ancestral", "heun", "dpm_2", "lms"], spacings: ["normal", "karras"],
  layers: Array.from({ length: 16 }, (_, i) => (i >= 4 && i <= 8 ? "content" as const : "style" as const)),
  presets: [{ name: "fast", description: "8 steps: a sketch in a moment.", settings: s(8) }, { name: "balanced", description: "20 steps: good for most.", settings: s(20) }, { name: "faithful", description: "40 steps: follows closest.", settings: s(40) }],
  gain_presets: [{ name: "default", title: "Default", description: "1 in every layer", gains: Array.from({ length: 16 }, () => 1) }, { name: "fine", title: "Fine", description: "Colour and stroke", gains: Array.from({ length: 16 }, (_, i) => ([0, 1, 13, 14, 15].includes(i) ? 1 : 0)) }],
  vocabulary: { words: tokenizer.words, subjects: [], context_length: 24 },
};
export const useModel = () => useQuery<Model>({ queryKey: ["model"], queryFn: () => MODEL, staleTime: Infinity });
