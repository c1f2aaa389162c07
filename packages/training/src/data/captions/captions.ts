import { handOf } from "../hands.ts";
import { chance, pick, type Random } from "../random.ts";
import { treatmentWords, type Style } from "../style.ts";
import type { Subject } from "../subjects.ts";

/** What a picture shows and how, apart and together. */
export type Caption = {
  /** The subject alone: `a dog face`. */
  readonly content: string;
  /** The style alone, whole: `twemoji style, blueprint`. */
  readonly style: string;
  /** The content with all of the style, a part of it, or none: what a text-to-image model learns from. */
  readonly text: string;
};

/** Says what a picture of `subject` in `style` shows: a pure function of its arguments and of what `random` yields. */
export function drawCaption(random: Random, subject: Subject, style: Style): Caption {
  const content = drawContent(random, subject);
  const hand = pick(random, handOf(style.hand).words);
  // The first phrase says the most; the others leave something out.
  const phrases = treatmentWords(style);
  const treatment = chance(random, 0.6) ? phrases[0] : pick(random, phrases);
  const parts = pick(random, PARTS);
  const text = [content, ...(parts.hand ? [hand] : []), ...(parts.treatment ? [treatment] : [])].join(", ");
  return { content, style: `${hand}, ${treatment}`, text };
}

/** How often a caption names which part of the style: fully in half of the cases. */
const PARTS = [
  { hand: true, treatment: true }, { hand: true, treatment: true }, { hand: true, treatment: true }, { hand: true, treatment: true },
  { hand: false, treatment: true }, { hand: false, treatment: true },
  { hand: true, treatment: false },
  { hand: false, treatment: false },
] as const;

/** Words before the phrase of a subject, so that prompts may be worded in any of these ways. */
export const LEADS = ["a picture of", "an icon of", "a drawing of", "an emoji of", "an illustration of"] as const;

function drawContent(random: Random, subject: Subject): string {
  const usual = subject.phrases[0] ?? subject.name;
  const phrase = chance(random, 0.6) ? usual : pick(random, subject.phrases);
  const kind = random();
  if (kind < 0.12) return phrase.replace(/^(?:an?|the) /, "");
  if (kind < 0.3) return `${pick(random, LEADS)} ${phrase}`;
  return phrase;
}
