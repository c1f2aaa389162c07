import { BRANCHES } from "@deadiff/core";
import type { DeadiffConfig, HostTensor } from "@deadiff/core";
import type { Random } from "../data/random.ts";
import { floats } from "../stages/data.ts";
import type { Asked } from "./condition.ts";

/** Share of the projections' hidden units that are dropped (method, section 1). */
const PROJECTION_DROPOUT = 0.1;

/** What a batch's conditions feed to the step: the branches that are read, and the projections' dropout masks. */
export function conditionFeeds(c: DeadiffConfig, asked: readonly Asked[], random: Random): Record<string, HostTensor> {
  const dims = [asked.length, c.qFormer.queries, c.qFormer.width];
  const mask = (): Float32Array =>
    Float32Array.from({ length: dims.reduce((n, d) => n * d, 1) }, () => (random() < PROJECTION_DROPOUT ? 0 : 1 / (1 - PROJECTION_DROPOUT)));
  return Object.fromEntries(BRANCHES.flatMap((branch) => [
    [branch, floats([asked.length, 1, 1], Float32Array.from(asked, (a) => a[branch]))],
    [`${branch} dropout`, floats(dims, mask())],
  ]));
}
