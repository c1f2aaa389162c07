/** `node packages/training/src/stages/run-deadiff.ts [steps]`: trains mini's DEADiff parts over the frozen base into runs/deadiff. */
import { METHODS } from "../methods/methods.ts";
import { trainMethod } from "../methods/train-method.ts";

await trainMethod(METHODS.deadiff, Number(process.argv[2] ?? 4000));
