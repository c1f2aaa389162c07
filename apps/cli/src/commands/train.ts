import { resolve } from "node:path";
import { DeadiffError } from "@deadiff/core";
import type { Command } from "commander";
import { parseCount, parseNumber } from "../arguments/values.ts";
import type { CommandContext } from "../context.ts";

type TrainOptions = {
  steps?: number; pairs?: string; bundle?: string; out?: string; batch: number; accumulate: number; lr: number; seed: number; threads?: number; fresh?: boolean; plan?: boolean; json?: boolean;
};

/** `deadiff train`: a stage of the mini model, or DEADiff over one's own bundle and pictures. */
export function addTrain(program: Command, context: CommandContext): void {
  program.command("train <what>")
    .description("Train a stage of the mini model (encoders, base, decoder-crops, decoder-full, decoder-redrawn, align, deadiff, judge-style, judge-subject, or a compared method), or with --pairs the image side of a bundle on your own pictures (docs/training.md). Ctrl-C keeps a checkpoint; the same command goes on.")
    .option("--steps <n>", "updates of the whole run", parseCount)
    .option("--pairs <DIR>", "folder with pairs.json: your pictures, each with a subject and a style")
    .option("-b, --bundle <DIR>", "with --pairs: the bundle to build on; models/<what> when left out")
    .option("-o, --out <DIR>", "with --pairs: folder of the run and, in the end, of its bundle; runs/<what> when left out")
    .option("--batch <n>", "with --pairs: pictures of a step", parseCount, 1)
    .option("--accumulate <n>", "with --pairs: batches of an update, one after the other", parseCount, 1)
    .option("--lr <rate>", "with --pairs: peak learning rate", parseNumber, 1e-4)
    .option("--seed <n>", "with --pairs: seed of the run", parseNumber, 1)
    .option("--threads <n>", "with --pairs: threads of a step", parseCount)
    .option("--fresh", "with --pairs: start the image side anew instead of going on from the bundle's")
    .option("--plan", "with --pairs: say what memory a step needs, and stop")
    .option("--json", "print one JSON object at the end")
    .action((what: string, options: TrainOptions) => trainWhat(what, options, context));
}

async function trainWhat(what: string, options: TrainOptions, { cwd, signal, out, err }: CommandContext): Promise<void> {
  // Training brings much that no other command needs.
  const { planFolder, runStage, trainFolder } = await import("@deadiff/training");
  if (options.pairs === undefined) return runStage(what, { ...(options.steps !== undefined && { steps: options.steps }), signal });
  const bundle = resolve(cwd, options.bundle ?? `models/${what}`);
  const { inputs, values } = await planFolder(bundle, options.batch, options.accumulate);
  const need = `a step is fed ${(inputs / 1e9).toFixed(2)} GB (kept twice) and makes up to ${(values / 1e9).toFixed(2)} GB of values`;
  if (options.plan === true) {
    out(options.json === true ? `${JSON.stringify({ fedBytes: inputs, valueBytes: values })}\n` : `${need}\n`);
    return;
  }
  if (options.steps === undefined) throw new DeadiffError("request_invalid", "say with --steps how long to train: the method's authors took 100,000 steps of 8");
  err(`${need}\n`);
  const trained = await trainFolder({
    pairs: resolve(cwd, options.pairs), bundle, out: resolve(cwd, options.out ?? `runs/${what}`), steps: options.steps, batchSize: options.batch, accumulate: options.accumulate, lr: options.lr, seed: options.seed,
    fresh: options.fresh ?? false, ...(options.threads !== undefined && { threads: options.threads }), signal, log: (line) => err(`${line}\n`),
  });
  signal.throwIfAborted();
  out(options.json === true ? `${JSON.stringify({ bundle: trained })}\n` : `${trained ?? ""}\n`);
}
