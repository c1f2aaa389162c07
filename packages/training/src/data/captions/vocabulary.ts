import { splitWords } from "@deadiff/core";
import { HANDS, HAND_IDS } from "../hands.ts";
import { COLOUR_NAMES } from "../pixels/palette.ts";
import { RAMP_NAMES } from "../pixels/ramps.ts";
import { randomStream } from "../random.ts";
import { drawStyle, treatmentWords } from "../style.ts";
import type { Subject } from "../subjects.ts";
import { TREATMENT_IDS, type TreatmentId } from "../treatments/table.ts";
import { LEADS } from "./captions.ts";

/**
 * Draws of each treatment whose words are read. Colours and ramps are listed in full, so what remains are fixed words and
 * choices among at most eight: far fewer draws than this see them all.
 */
const DRAWS = 400;

/** Every word and sign that a caption of these subjects can hold, in alphabetical order: the word list of a tokenizer. */
export function vocabularyOf(subjects: readonly Subject[]): string[] {
  const texts = [
    ",",
    ...subjects.flatMap((subject) => subject.phrases),
    ...LEADS,
    ...HANDS.flatMap((hand) => hand.words),
    ...COLOUR_NAMES,
    ...RAMP_NAMES,
    ...TREATMENT_IDS.flatMap(treatmentPhrases),
  ];
  return [...new Set(texts.flatMap(splitWords))].sort();
}

/** The phrases that drawn styles of a treatment are called by, each once, in alphabetical order. */
export function treatmentPhrases(id: TreatmentId): string[] {
  const hand = HAND_IDS[0];
  if (hand === undefined) return [];
  const phrases = Array.from({ length: DRAWS }, (_, draw) => treatmentWords(drawStyle(randomStream(0, draw), hand, id)));
  return [...new Set(phrases.flat())].sort();
}
