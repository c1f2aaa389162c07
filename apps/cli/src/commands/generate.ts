import { dirname, extname, join, resolve } from "node:path";
import { access, constants, stat } from "node:fs/promises";
import { DeadiffError, GAIN_PRESETS, SAMPLER_NAMES, SPACINGS, stylize } from "@deadiff/core";
import type { GainPreset, SamplerName, Spacing, Stage, StylizedImage, StylizeInput } from "@deadiff/core";
import { encodePng, writeFilesAtomically } from "@deadiff/core/node";
import { Option } from "commander";
import type { Command } from "commander";
import { loadReference, parseReference } from "../arguments/reference.ts";
import type { ReferenceArgument } from "../arguments/reference.ts";
import { parseGains, parseInterval, parseNumber, parseSize } from "../arguments/values.ts";
import type { CommandContext } from "../context.ts";
import { addModelOptions } from "../model-options.ts";
import { progressBar } from "../output/progress.ts";
import { withModel } from "../with-model.ts";
import type { ModelOptions } from "../with-model.ts";

type GenerateOptions = ModelOptions & {
  reference: ReferenceArgument[];
  fit: "stretch" | "crop" | "pad";
  prompt: string;
  negative?: string;
  out: string;
  count?: number;
  size?: { width: number; height: number };
  steps?: number;
  sampler?: SamplerName;
  spacing?: Spacing;
  eta?: number;
  guidance?: number;
  promptGuidance?: number;
  guidanceInterval?: { from: number; to: number };
  strength?: number;
  gains?: GainPreset | number[];
  seed?: string;
  /** `--no-image`. */
  image: boolean;
  json?: boolean;
};

/** `deadiff generate`: pictures from references and a prompt, each a PNG that holds all it was made with. */
export function addGenerate(program: Command, context: CommandContext): void {
  const command = program.command("generate").description("Make pictures of a prompt's subject in the style of references.");
  addModelOptions(command)
    .option("-r, --reference <FILE[:weight[:mode]]>", "picture or style code to follow, mode style, content or both; may be repeated", (text: string, all: ReferenceArgument[]) => [...all, parseReference(text)], [] as ReferenceArgument[])
    .addOption(new Option("--fit <how>", "how a picture that is not square meets the encoder's square").choices(["stretch", "crop", "pad"]).default("stretch"))
    .option("-p, --prompt <text>", "what to draw", "")
    .option("-n, --negative <text>", "what to keep away from")
    .requiredOption("-o, --out <FILE>", "the PNG to write; several are numbered")
    .option("-c, --count <n>", "how many", parseNumber)
    .option("--size <pixels>", "SIZE or WIDTHxHEIGHT", parseSize)
    .option("--steps <n>", "denoising steps", parseNumber)
    .addOption(new Option("--sampler <name>", "sampler").choices(SAMPLER_NAMES))
    .addOption(new Option("--spacing <name>", "spacing of the noise levels").choices(SPACINGS))
    .option("--eta <n>", "noise of ddim, 0..1", parseNumber)
    .option("-g, --guidance <n>", "how closely to follow the prompt, 1..30", parseNumber)
    .option("--prompt-guidance <n>", "how much closer than that beside references, 0..30", parseNumber)
    .option("--guidance-interval <from-to>", "noise levels (sigma) at which to guide", parseInterval)
    .option("-s, --strength <n>", "strength of the references, 0..4", parseNumber)
    .option("--gains <names or numbers>", `gains per layer: ${GAIN_PRESETS.join(", ")}, or numbers`, parseGains)
    .option("--seed <n>", "seed of the first picture, 0..2^63-1")
    .option("--no-image", "leave the image keys out: the base model")
    .option("--json", "print one JSON object")
    .action((options: GenerateOptions) => generate(options, context));
}

async function generate(options: GenerateOptions, context: CommandContext): Promise<void> {
  const { signal, cwd } = context;
  await requireWritable(cwd, options.out, options.count ?? 1);
  const references = await Promise.all(options.reference.map((reference) => loadReference(reference, options.fit, cwd)));
  const bar = progressBar(context);
  const result = await withModel(options, context, async (model, provider) => {
    try {
      // One job a process: what has done its part gives its memory back.
      const made = await stylize(model, requestOf(options, references), { signal, memory: "release", onEvent: (event) => {
        switch (event.kind) {
          case "stage": bar.show(STAGES[event.stage], 0, 1); break;
          case "step": bar.show(STAGES.sampling, event.step, event.total); break;
        }
      } });
      return { ...made, provider };
    } finally {
      bar.stop();
    }
  });
  const files = await writeImages(result.images, options.out, context);
  if (options.json === true) {
    const images = result.images.map(({ seed, pixels: { width, height } }, i) => ({ file: files[i], seed: seed.toString(), width, height }));
    context.out(`${JSON.stringify({ images, parameters: result.parameters, warnings: result.warnings, provider: result.provider, timings_ms: result.timingsMs })}\n`);
    return;
  }
  for (const { message } of result.warnings) context.err(`note: ${message}\n`);
  for (const [i, file] of files.entries()) context.out(`${file} (seed ${result.images[i]?.seed.toString() ?? ""})\n`);
  context.err(`${(result.timingsMs.total / 1000).toFixed(2)} s\n`);
}

const STAGES: Readonly<Record<Stage, string>> = { references: "reading references", text: "reading the prompt", sampling: "drawing", decoding: "developing" };

function requestOf(options: GenerateOptions, references: NonNullable<StylizeInput["references"]>): StylizeInput {
  const { prompt, negative, count, size, steps, sampler, spacing, eta, guidance, promptGuidance, guidanceInterval, strength, gains, seed, image } = options;
  return {
    references, prompt, count, steps, sampler, spacing, eta, guidance, promptGuidance, guidanceInterval, strength, gains, seed,
    negativePrompt: negative, width: size?.width, height: size?.height, image: image ? undefined : "off",
  };
}

/** Every picture is encoded and on the disk before the first takes its name: all of them are written, or none. */
async function writeImages(images: readonly StylizedImage[], out: string, { cwd, signal }: CommandContext): Promise<string[]> {
  const encoded = await Promise.all(images.map(({ pixels, parameters }) => encodePng(pixels, parameters)));
  signal.throwIfAborted();
  const files = encoded.map((_, i) => numbered(out, i, encoded.length));
  await writeFilesAtomically(encoded.map((bytes, i) => ({ path: resolve(cwd, files[i] ?? out), bytes })));
  return files;
}

/** `cat.png`, or `cat-1.png`, `cat-2.png`, ...; with leading zeros, so that names sort. */
function numbered(out: string, index: number, count: number): string {
  const extension = extname(out);
  const stem = extension === "" ? out : out.slice(0, -extension.length);
  const number = String(index + 1).padStart(String(count).length, "0");
  return `${stem}${count === 1 ? "" : `-${number}`}${extension === "" ? ".png" : extension}`;
}

/** Says before the work, and not after it, that the result could not be kept. */
async function requireWritable(cwd: string, out: string, count: number): Promise<void> {
  const extension = extname(out).toLowerCase();
  if (extension !== "" && extension !== ".png") throw new DeadiffError("output_format", `pictures are written as PNG, not as ${extension}: name the output ${join(dirname(out), "NAME.png")}`);
  const folder = dirname(resolve(cwd, out));
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory() !== true) throw new DeadiffError("output_folder", `there is no folder ${folder} to write into: make it first`);
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    throw new DeadiffError("output_folder", `the folder ${folder} cannot be written to`, { cause });
  });
  const first = numbered(out, 0, count);
  if ((await stat(resolve(cwd, first)).catch(() => null))?.isDirectory() === true) throw new DeadiffError("output_folder", `${first} is a folder: name a file`);
}
