/** `node packages/training/src/stages/run-deadiff.ts [steps] [threads]`: trains mini's DEADiff parts over the frozen base into runs/deadiff, from the shipped ones on, or the content branch from runs/align. */
import { join } from "node:path";
import { deadiffSpec, listParams, MINI, trainedParams } from "@deadiff/core";
import { METHODS } from "../methods/methods.ts";
import { trainMethod } from "../methods/train-method.ts";
import { RUNS_FOLDER } from "./runs.ts";
import { shippedWeights, stageWeights } from "./shipped.ts";

const [steps = "8000", threads = "2"] = process.argv.slice(2);
const trained = new Set(trainedParams(MINI));
await trainMethod(METHODS.deadiff, {
  steps: Number(steps), batchSize: 32, folder: join(RUNS_FOLDER, "deadiff"), threads: Number(threads),
  initial: new Map([...await shippedWeights(listParams(deadiffSpec(MINI)).filter(({ name }) => trained.has(name))), ...await stageWeights("align")]),
});
