import { DeadiffError } from "@deadiff/core";
import { TASKS } from "../data/pairs.ts";
import type { Task } from "../data/pairs.ts";
import type { Caption } from "../data/captions/captions.ts";
import type { Random } from "../data/random.ts";
import type { Dropout, Method, TaskCondition } from "./method.ts";

/** What a sample feeds beside its pictures: the text, and per branch 1 where its tokens are read and 0 where they are zeros. */
export type Asked = { readonly text: string; readonly style: number; readonly content: number };

/** What of a pair decides its condition. */
export type Conditioned = { readonly task: Task; readonly target: { readonly caption: Caption } };

/** The tasks a method is trained on, in the order of `TASKS`. */
export const tasksOf = (method: Method): Task[] => TASKS.filter((task) => method.tasks[task] !== undefined);

/**
 * Conditions the samples of a batch by the method's table; `random` yields one number per sample.
 * @throws DeadiffError `method_task` for a pair of a task that the method is not trained on
 */
export function conditionBatch(method: Method, pairs: readonly Conditioned[], random: Random): Asked[] {
  return pairs.map(({ task, target: { caption } }) => {
    const condition = method.tasks[task];
    if (condition === undefined) throw new DeadiffError("method_task", `${method.name} is not trained on ${task}: draw pairs of ${tasksOf(method).join(", ")}`);
    const { image, text } = left(condition.dropout, random());
    const reads = (branch: TaskCondition["branches"][number]): number => (image && condition.branches.includes(branch) ? 1 : 0);
    return { text: text ? words(condition.text, caption) : "", style: reads("style"), content: reads("content") };
  });
}

/** What a number in 0..1 leaves of a sample. */
function left({ image, text, both }: Dropout, u: number): { image: boolean; text: boolean } {
  return { image: u >= image + both, text: u < image || u >= image + both + text };
}

function words(text: TaskCondition["text"], caption: Caption): string {
  switch (text) {
    case "content": return caption.content;
    case "style": return caption.style;
    case "caption": return caption.text;
    case "empty": return "";
  }
}
