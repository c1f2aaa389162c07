/**
 * `node packages/training/src/methods/run-method.ts NAME [steps] [batch] [threads]`: trains one of the compared methods over mini's
 * frozen base into runs/methods/NAME, with a bundle of it beside the checkpoint.
 */
import { join } from "node:path";
import { DeadiffError } from "@deadiff/core";
import { METHODS_FOLDER, writeMethodBundle } from "./method-bundle.ts";
import { isMethodName, METHODS } from "./methods.ts";
import { trainMethod } from "./train-method.ts";

const [name = "", steps = "1200", batchSize = "32", threads = "2"] = process.argv.slice(2);
if (!isMethodName(name)) throw new DeadiffError("method_unknown", `there is no method "${name}": choose one of ${Object.keys(METHODS).join(", ")}`);
await trainMethod(METHODS[name], { steps: Number(steps), batchSize: Number(batchSize), folder: join(METHODS_FOLDER, name), threads: Number(threads) });
await writeMethodBundle(METHODS[name]);
