type Json = Readonly<Record<string, unknown>>;

/** A parameter as people read it. */
export interface Fact {
  readonly name: string;
  readonly value: string;
  /** Numbers and ids. */
  readonly mono?: boolean;
}

const NAMES: Readonly<Record<string, string>> = {
  sampler: "Sampler",
  spacing: "Noise spacing",
  steps: "Steps",
  guidance: "Guidance",
  strength: "Strength",
  eta: "Fresh noise (eta)",
  image: "References",
  negativePrompt: "Negative prompt",
  promptGuidance: "Prompt guidance",
  guidanceInterval: "Guidance within",
  warnings: "Warnings",
};

/** Shown in places of their own. */
const ELSEWHERE: ReadonlySet<string> = new Set(["prompt", "references", "gains", "model", "seed", "width", "height", "format", "formatVersion", "count"]);

const written = (value: unknown): string | undefined => {
  if (value === null || value === "" || (Array.isArray(value) && value.length === 0)) return undefined;
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return value.replaceAll("_", " ");
  if (Array.isArray(value)) return value.map((part) => written(part) ?? "–").join(", ");
  return JSON.stringify(value);
};

/** Every parameter that was used, in reading order; those that say nothing are left out. */
export const factsOf = (parameters: Json): readonly Fact[] => {
  const order = Object.keys(NAMES);
  const place = (key: string): number => (order.includes(key) ? order.indexOf(key) : order.length);
  return Object.entries(parameters)
    .filter(([key]) => !ELSEWHERE.has(key))
    .sort(([a], [b]) => place(a) - place(b))
    .flatMap(([key, value]) => {
      const text = written(value);
      return text === undefined ? [] : [{ name: NAMES[key] ?? key.replaceAll("_", " "), value: text, mono: typeof value === "number" }];
    });
};

/** The gain of each layer, if any differs from 1. */
export const gainsOf = (parameters: Json): readonly number[] | undefined => {
  const gains = parameters["gains"];
  return Array.isArray(gains) && gains.every((gain) => typeof gain === "number") && gains.some((gain) => gain !== 1) ? gains : undefined;
};

const PARTS: Readonly<Record<string, string>> = { references_ms: "Reading references", text_ms: "Reading the prompt", sampling_ms: "Painting", decoding_ms: "Decoding", encoding_ms: "Encoding", loading_ms: "Loading the model", total_ms: "All" };

/** How long each part took, the total apart. */
export const timingsOf = (timings: Readonly<Record<string, number>>): { readonly parts: readonly { readonly name: string; readonly ms: number }[]; readonly totalMs: number } => {
  const parts = Object.entries(timings)
    .filter(([key]) => key !== "total_ms")
    .map(([key, ms]) => ({ name: PARTS[key] ?? key.replace(/_ms$/, "").replaceAll("_", " "), ms }));
  return { parts: parts.sort((a, b) => b.ms - a.ms), totalMs: timings["total_ms"] ?? parts.reduce((sum, { ms }) => sum + ms, 0) };
};

/** Milliseconds as people read them. */
export const duration = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`);
