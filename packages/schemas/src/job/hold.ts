import type { Id } from "../ids.ts";

/** A worker's claim on a job: writes that carry it match no row once the fence has grown. */
export interface Hold {
  readonly id: Id<"job">;
  readonly fence: number;
}
