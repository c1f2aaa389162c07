import { join } from "node:path";
import { MINI } from "@deadiff/core";
import { ROOT_FOLDER } from "../data/paths.ts";
import { RUNS_FOLDER } from "../stages/runs.ts";
import { loadWeights } from "../train/checkpoint.ts";
import { methodConfig } from "./method.ts";
import type { Method } from "./method.ts";
import { networkWeights } from "./train-method.ts";
import { writeTrainedBundle } from "./trained-bundle.ts";

/** Where the compared methods are trained. */
export const METHODS_FOLDER = join(RUNS_FOLDER, "methods");

/** The folder of a compared method's bundle. */
export const methodBundleFolder = (name: string): string => join(METHODS_FOLDER, name, "bundle");

/** Makes a bundle of a trained method: the shipped model's files, this machine's base and decoder where there are some, and what was trained. */
export async function writeMethodBundle(method: Method): Promise<void> {
  const weights = new Map([...(await networkWeights()), ...(await loadWeights(join(METHODS_FOLDER, method.name)))]);
  await writeTrainedBundle(join(ROOT_FOLDER, "models/mini"), methodBundleFolder(method.name), { config: methodConfig(MINI, method), weights, note: `the method ${method.name}, trained for a comparison` });
}
