import { DeadiffError } from "@deadiff/core";
import type { Dataset, Pixels } from "./dataset/read.ts";
import { HAND_IDS, type HandId } from "./hands.ts";
import type { Subject } from "./subjects.ts";
import { TREATMENT_IDS, type TreatmentId } from "./treatments/table.ts";

/**
 * The parts of a dataset, by what is new in them to a model that was trained on `train`:
 * - `train`: nothing;
 * - `newPictures`: drawings of known subjects by known hands that were never shown, in known treatments;
 * - `newTreatments`: known drawings in treatments never shown;
 * - `newHands`: the drawings of hands never shown, in known treatments;
 * - `everything`: all drawings in all treatments, for judges that may see it all.
 */
export type Part = "train" | "newPictures" | "newTreatments" | "newHands" | "everything";

/** One drawing: a picture of the dataset and what it shows. */
export type Cell = { readonly picture: number; readonly subject: Subject; readonly hand: HandId };

/**
 * What a sampler may draw from. The part is in the type: a trainer that takes `View<"train">` cannot be given anything that
 * was held out.
 */
export type View<P extends Part> = {
  readonly part: P;
  readonly pixels: Pixels;
  readonly treatments: readonly TreatmentId[];
  /** The drawings of each hand that has at least two. */
  readonly hands: readonly (readonly Cell[])[];
  /** The drawings of each subject that has at least two. */
  readonly subjects: readonly (readonly Cell[])[];
};

/** Narrows a view to start small. */
export type ViewOptions = {
  /** `start` keeps to the list of common subjects, a list to those of its code points; `all` is the default. */
  readonly subjects?: "start" | "all" | readonly string[];
  /** Keeps to these treatments, as far as the part has them; all by default. */
  readonly treatments?: readonly TreatmentId[];
};

/**
 * The view of one part of a dataset.
 *
 * @throws DeadiffError `view_empty` when no hand has two drawings, no subject has two, or no treatment is left.
 */
export function viewOf<P extends Part>(dataset: Dataset, part: P, options: ViewOptions = {}): View<P> {
  const { split } = dataset;
  const heldOutPictures = new Set(split.heldOutPictures);
  const heldOutHands = new Set<string>(split.heldOutHands);
  const heldOutTreatments = new Set<string>(split.heldOutTreatments);

  const cells = dataset.pictures.flatMap(({ subject: index, hand }, picture): Cell[] => {
    const subject = dataset.subjects[index];
    if (subject === undefined || !wanted(subject, options.subjects)) return [];
    return hasPicture(part, heldOutHands.has(hand), heldOutPictures.has(picture)) ? [{ picture, subject, hand }] : [];
  });
  const treatments = (options.treatments ?? TREATMENT_IDS).filter((id) => hasTreatment(part, heldOutTreatments.has(id)));
  const hands = HAND_IDS.map((hand) => cells.filter((cell) => cell.hand === hand)).filter(twoOrMore);
  const subjects = dataset.subjects.map((subject) => cells.filter((cell) => cell.subject === subject)).filter(twoOrMore);
  if (hands.length === 0 || subjects.length === 0 || treatments.length === 0) {
    throw new DeadiffError(
      "view_empty",
      `part ${part} has ${hands.length} hands and ${subjects.length} subjects with two drawings, and ${treatments.length} treatments: pairs need each`,
    );
  }
  return { part, pixels: dataset.pixels, treatments, hands, subjects };
}

function wanted(subject: Subject, subjects: ViewOptions["subjects"] = "all"): boolean {
  if (subjects === "all") return true;
  return subjects === "start" ? subject.start : subjects.includes(subject.hexcode);
}

function hasPicture(part: Part, newHand: boolean, newPicture: boolean): boolean {
  switch (part) {
    case "train":
    case "newTreatments":
      return !newHand && !newPicture;
    case "newPictures":
      return !newHand && newPicture;
    case "newHands":
      return newHand;
    case "everything":
      return true;
  }
}

function hasTreatment(part: Part, newTreatment: boolean): boolean {
  switch (part) {
    case "train":
    case "newPictures":
    case "newHands":
      return !newTreatment;
    case "newTreatments":
      return newTreatment;
    case "everything":
      return true;
  }
}

function twoOrMore(cells: readonly Cell[]): boolean {
  return cells.length >= 2;
}
