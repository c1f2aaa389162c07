import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Outcome } from "./cases/case.ts";
import type { Broken } from "./oracle/check.ts";

/** How a case went. */
export interface Result extends Outcome {
  readonly id: string;
  readonly title: string;
  readonly pass: string;
  readonly n: number;
  readonly seed: number;
  readonly commit: string;
  readonly at: string;
  readonly seconds: number;
  readonly load1m: number;
  readonly edge: "node" | "workerd";
  readonly leaseS: number;
  /** Acknowledged creates and webhooks that the oracle checked. */
  readonly checked: { readonly creates: number; readonly webhooks: number };
  readonly broken: readonly Broken[];
}

/** Whether all that was to hold did. */
export const held = ({ failures, broken }: Pick<Result, "failures" | "broken">): boolean => failures.length === 0 && broken.length === 0;

/** Keeps `result` so that a run can go on where it was stopped. */
export const keep = async (folder: string, result: Result): Promise<void> => {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${result.id}.json`), JSON.stringify(result, undefined, 2));
};

/** The kept results by case. */
export const kept = async (folder: string): Promise<Map<string, Result>> => {
  const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".json"));
  const results = await Promise.all(files.map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8")) as Result));
  return new Map(results.map((result) => [result.id, result]));
};
