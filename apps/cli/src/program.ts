import { DeadiffError } from "@deadiff/core";
import { Command, CommanderError } from "commander";
import { addEvaluate } from "./commands/evaluate.ts";
import { addGenerate } from "./commands/generate.ts";
import { addImport } from "./commands/import.ts";
import { addInspect } from "./commands/inspect.ts";
import { addStyle } from "./commands/style.ts";
import { addTrain } from "./commands/train.ts";
import type { CommandContext } from "./context.ts";

/** What a command's end tells the shell. */
const EXIT = { ok: 0, defect: 1, refused: 2, interrupted: 130 } as const;

/**
 * Runs the command line.
 *
 * @param args without interpreter and script
 * @returns the exit code: 0; 2 where the command or what it was given is at fault; 130 when interrupted; 1 otherwise
 */
export async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const program = new Command("deadiff")
    .description("Pictures in the style of a reference, with the subject of a prompt.")
    .version("0.1.0")
    .exitOverride()
    .configureOutput({ writeOut: context.out, writeErr: context.err })
    .showHelpAfterError("(add --help for what there is)");
  for (const add of [addGenerate, addImport, addInspect, addStyle, addTrain, addEvaluate]) add(program, context);
  if (args.length === 0) {
    program.outputHelp();
    return EXIT.refused;
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.refused; // it has printed itself
    return reportError(context.signal.aborted ? context.signal.reason : error, args.includes("--json"), context);
  }
}

/** Codes of failures that are not the user's to mend. */
const DEFECTS = new Set(["runtime_crashed", "runtime_protocol", "runtime_defect", "run_failed", "bake_failed", "script_failed"]);

function reportError(error: unknown, json: boolean, context: CommandContext): number {
  const known = error instanceof DeadiffError;
  const code = known ? error.code : "internal";
  const message = error instanceof Error ? error.message : String(error);
  if (json) context.out(`${JSON.stringify({ error: { code, message } })}\n`);
  else context.err(`deadiff: ${message} [${code}]\n`);
  // A fault of ours: the stack is what a report of it needs.
  if (!known && error instanceof Error) context.err(`${error.stack ?? ""}\n`);
  if (context.signal.aborted) return EXIT.interrupted;
  return known && !DEFECTS.has(code) ? EXIT.refused : EXIT.defect;
}
