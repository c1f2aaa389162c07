import type { Encoded } from "../text/tokenizer.ts";

/** Something a job did otherwise than one might think, though it was done. */
export type Warning =
  /** The end of a text did not fit the model's context. */
  | { code: "prompt_cut"; field: PromptField; cut: string; message: string }
  /** Words that the model does not know were left out. */
  | { code: "unknown_words"; field: PromptField; words: readonly string[]; message: string }
  /** The sampler takes another number of steps than asked for. */
  | { code: "steps_changed"; asked: number; taken: number; message: string }
  /** References were given and image keys switched off. */
  | { code: "references_unused"; message: string };

type PromptField = "prompt" | "negativePrompt";

/** What there is to say about a text. */
export function textWarnings(field: PromptField, { cut, unknown }: Pick<Encoded, "cut" | "unknown">): Warning[] {
  const shown = field === "prompt" ? "the prompt" : "the negative prompt";
  const warnings: Warning[] = [];
  if (cut !== null) warnings.push({ code: "prompt_cut", field, cut, message: `${shown} is longer than the model reads; cut off: "${cut}"` });
  if (unknown.length > 0) warnings.push({ code: "unknown_words", field, words: unknown, message: `the model does not know these words of ${shown}, and leaves them out: ${unknown.join(", ")}` });
  return warnings;
}
