/** `node packages/training/src/stages/run-deadiff.ts [steps] [threads]`: trains mini's DEADiff parts over the frozen base into runs/deadiff. */
import { join } from "node:path";
import { METHODS } from "../methods/methods.ts";
import { trainMethod } from "../methods/train-method.ts";
import { RUNS_FOLDER } from "./runs.ts";

const [steps = "8000", threads = "2"] = process.argv.slice(2);
await trainMethod(METHODS.deadiff, { steps: Number(steps), batchSize: 32, folder: join(RUNS_FOLDER, "deadiff"), threads: Number(threads) });
