import type { Command } from "commander";
import { parseNumber } from "./arguments/values.ts";

/** Adds the options of `ModelOptions` to a command. */
export const addModelOptions = (command: Command): Command => command
  .option("-b, --bundle <DIR>", "model bundle (default: models/mini)")
  .option("--threads <n>", "processor threads (default: all)", parseNumber)
  .option("--no-cache", "do not keep optimised graphs between runs");
