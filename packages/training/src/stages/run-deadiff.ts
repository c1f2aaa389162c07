/** `node packages/training/src/stages/run-deadiff.ts [steps]`: trains mini's DEADiff parts over the frozen base into runs/deadiff. */
import { join } from "node:path";
import { METHODS } from "../methods/methods.ts";
import { trainMethod } from "../methods/train-method.ts";
import { RUNS_FOLDER } from "./runs.ts";

await trainMethod(METHODS.deadiff, { steps: Number(process.argv[2] ?? 4000), batchSize: 64, folder: join(RUNS_FOLDER, "deadiff") });
