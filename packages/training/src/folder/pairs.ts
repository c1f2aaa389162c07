import { TASKS } from "../data/pairs.ts";
import type { Task } from "../data/pairs.ts";
import { pick, randomStream } from "../data/random.ts";
import type { Conditioned } from "../methods/condition.ts";
import type { FolderPicture } from "./manifest.ts";

/** One training sample of a folder: places of reference and target among its pictures, and the target's words. */
export type FolderPair = Conditioned & { readonly reference: number; readonly target: Conditioned["target"] & { readonly picture: number } };

/**
 * A sampler of pairs: pair n of a seed is a pure function of pictures, seed and n. The tasks are equally likely, and in each
 * the pictures that have a partner. Every picture list that `readPairs` accepts has partners for each task.
 */
export function folderPairs(pictures: readonly FolderPicture[]): (seed: number, n: number) => FolderPair {
  const partners = (same: "subject" | "style", other: "subject" | "style"): { of: number; among: number[] }[] =>
    pictures.map((picture, of) => ({ of, among: [...pictures.keys()].filter((i) => pictures[i]?.[same] === picture[same] && pictures[i][other] !== picture[other]) }))
      .filter(({ among }) => among.length > 0);
  const table: Record<Task, readonly { of: number; among: readonly number[] }[]> = {
    stre: partners("style", "subject"), sere: partners("subject", "style"), reconstruction: [...pictures.keys()].map((i) => ({ of: i, among: [i] })),
  };
  return (seed, n) => {
    const random = randomStream(seed, n >>> 0, Math.floor(n / 4294967296));
    const task = pick(random, TASKS);
    const { of: reference, among } = pick(random, table[task]);
    const picture = pick(random, among);
    const { subject, style, caption } = pictures[picture] ?? { subject: "", style: "", caption: "" };
    return { task, reference, target: { picture, caption: { content: subject, style, text: caption } } };
  };
}
