import { resolve } from "node:path";
import type { Command } from "commander";
import type { CommandContext } from "../context.ts";

type EvaluateOptions = { images?: string; bundle?: string; seed?: string; out?: string; data?: string; cache?: string };

/** `deadiff evaluate`: the judge's report on a mini bundle and the methods that were trained beside it. */
export function addEvaluate(program: Command, context: CommandContext): void {
  program.command("evaluate").description("Judge the mini model and the compared methods that were trained here; write evaluation.md with its pictures. Needs the data (`npm run data`).")
    .option("--images <n>", "questions to each model (192)")
    .option("-b, --bundle <DIR>", "the bundle to judge (models/mini)")
    .option("--seed <n>", "seed of the questions (1)")
    .option("-o, --out <DIR>", "folder of evaluation.md (docs)")
    .option("--data <DIR>", "dataset that questions are drawn from, all its subjects; the compared methods are left out (.cache/data/emoji)")
    .option("--cache <DIR>", "folder of the pictures that were made before (.cache/evaluation)")
    .action(async ({ images, seed, ...folders }: EvaluateOptions) => {
      const { runEvaluation } = await import("@deadiff/training");
      const paths = Object.fromEntries(Object.entries(folders).map(([name, folder]) => [name, resolve(context.cwd, folder)]));
      await runEvaluation(Object.entries({ images, seed, ...paths }).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value])), context.signal);
    });
}
