import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { DeadiffError, deadiffConfigSchema, latentMultiple, SD15, vaeFactor } from "@deadiff/core";
import type { DeadiffConfig } from "@deadiff/core";
import { importCheckpoint } from "@deadiff/core/node";
import type { Command } from "commander";
import { z } from "zod";
import type { CommandContext } from "../context.ts";
import { progressBar } from "../output/progress.ts";

type ImportCommandOptions = { tokenizer: string; out: string; config?: string; half?: boolean; overwrite?: boolean; json?: boolean };

/** `deadiff import`: the authors' checkpoint to a model bundle. */
export function addImport(program: Command, context: CommandContext): void {
  program.command("import <checkpoint>").description("Make a model bundle from a DEADiff checkpoint (.ckpt or .safetensors). Nothing in the file is executed.")
    .requiredOption("--tokenizer <DIR>", "folder with vocab.json and merges.txt (Stable Diffusion 1.5's tokenizer/)")
    .requiredOption("-o, --out <BUNDLE>", "folder of the bundle")
    .option("--config <FILE>", "JSON configuration of other sizes than SD 1.5's")
    .option("--half", "store weights as float16: half the disk")
    .option("--overwrite", "replace a bundle that is there")
    .option("--json", "print one JSON object")
    .action((checkpoint: string, options: ImportCommandOptions) => importModel(checkpoint, options, context));
}

async function importModel(checkpoint: string, options: ImportCommandOptions, context: CommandContext): Promise<void> {
  const { cwd, signal } = context;
  const config = options.config === undefined ? SD15 : await readConfig(resolve(cwd, options.config));
  const step = latentMultiple(config) * vaeFactor(config.vae);
  const bar = progressBar(context);
  try {
    const manifest = await importCheckpoint({
      checkpoint: resolve(cwd, checkpoint), tokenizer: resolve(cwd, options.tokenizer), out: resolve(cwd, options.out), config,
      // 512 pixels for SD 1.5, and as many latent positions for others.
      sizes: { default: 8 * step, min: 4 * step, max: 16 * step, multipleOf: step },
      dtype: options.half === true ? "float16" : "keep", overwrite: options.overwrite ?? false,
      onProgress: (written, total) => {
        signal.throwIfAborted(); // inside the write, which leaves nothing behind when it fails
        bar.show("writing weights", written, total);
      },
    });
    const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
    if (options.json === true) context.out(`${JSON.stringify({ bundle: options.out, name: manifest.name, bytes, files: manifest.files })}\n`);
    else context.out(`${options.out}: ${manifest.name}, ${(bytes / 1e6).toFixed(1)} MB\n`);
  } finally {
    bar.stop();
  }
}

async function readConfig(path: string): Promise<DeadiffConfig> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new DeadiffError("config_invalid", `${path} cannot be read as JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const parsed = deadiffConfigSchema.safeParse(value);
  if (!parsed.success) throw new DeadiffError("config_invalid", `${path} is no configuration:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
