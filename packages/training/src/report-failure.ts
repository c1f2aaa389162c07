/**
 * Loaded before a script that `runScript` starts: an error with a code ends the script with a message to its parent, which
 * reports it; any other is printed here, stack and all.
 */
import { isMainThread } from "node:worker_threads";
import { DeadiffError } from "@deadiff/core";
import type { ScriptFailure } from "./run-script.ts";

// A script's own threads and processes have their flags from it: they report to the script as they would without this.
if (isMainThread && process.send !== undefined) {
  process.once("uncaughtException", (error) => {
    if (error instanceof DeadiffError) {
      const failure: ScriptFailure = { code: error.code, message: error.message };
      process.send?.(failure, () => process.exit(1));
    } else {
      console.error(error);
      process.exit(1);
    }
  });
}
