/** `node packages/training/src/methods/run-method.ts NAME [steps]`: trains one of the compared methods over mini's frozen base into runs/NAME. */
import { DeadiffError } from "@deadiff/core";
import { isMethodName, METHODS } from "./methods.ts";
import { trainMethod } from "./train-method.ts";

const [name = "", steps = "4000"] = process.argv.slice(2);
if (!isMethodName(name)) throw new DeadiffError("method_unknown", `there is no method "${name}": choose one of ${Object.keys(METHODS).join(", ")}`);
await trainMethod(METHODS[name], Number(steps));
