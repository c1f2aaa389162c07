import { resolve } from "node:path";
import { blendStyleCodes, decodeStyleCode, encodeStyleCode, makeStyleCode } from "@deadiff/core";
import type { ImageFit, StyleCode } from "@deadiff/core";
import { decodeImage, writeFileAtomically } from "@deadiff/core/node";
import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { readSmallFile } from "../files.ts";
import { addModelOptions } from "../model-options.ts";
import { withModel } from "../with-model.ts";
import type { ModelOptions } from "../with-model.ts";

type SaveOptions = ModelOptions & { mode: "style" | "content" | "both"; fit: ImageFit; out: string; json?: boolean };
type Weighted = { file: string; weight: number };

/** `deadiff style`: codes that stand for a reference without its picture. */
export function addStyle(program: Command, context: CommandContext): void {
  const style = program.command("style").description("Style codes: references without their pictures, to keep and to mix.");
  addModelOptions(style.command("save <picture>").description("Make a style code of a picture."))
    .requiredOption("-o, --out <FILE>", "the code to write")
    .addOption(new Option("--mode <what>", "what to take of the picture").choices(["style", "content", "both"]).default("both"))
    .addOption(new Option("--fit <how>", "how a picture that is not square meets the encoder's square").choices(["stretch", "crop", "pad"]).default("stretch"))
    .option("--json", "print one JSON object")
    .action((picture: string, options: SaveOptions) => save(picture, options, context));
  style.command("blend").description("Mix style codes of one model.")
    .argument("<codes...>", "FILE[:weight], at least two", (text: string, all: Weighted[] | undefined) => [...(all ?? []), parseWeighted(text)])
    .requiredOption("-o, --out <FILE>", "the code to write")
    .option("--json", "print one JSON object")
    .action((codes: Weighted[], options: { out: string; json?: boolean }) => blend(codes, options, context));
}

/** `FILE[:weight]`. */
function parseWeighted(text: string): Weighted {
  const match = /^(.+?)(?::(\d+(?:\.\d+)?|\.\d+))?$/u.exec(text);
  if (match?.[1] === undefined) throw new InvalidArgumentError("a file is wanted, as FILE or FILE:0.5.");
  return { file: match[1], weight: match[2] === undefined ? 1 : Number(match[2]) };
}

async function save(picture: string, options: SaveOptions, context: CommandContext): Promise<void> {
  const image = await decodeImage(await readSmallFile(context.cwd, picture));
  const branches = options.mode === "both" ? (["style", "content"] as const) : [options.mode];
  const code = await withModel(options, context, (model) => makeStyleCode(model, image, { branches, fit: options.fit }));
  await write(code, options, context);
}

async function blend(codes: readonly Weighted[], options: { out: string; json?: boolean }, context: CommandContext): Promise<void> {
  const read = await Promise.all(codes.map(async ({ file }) => decodeStyleCode(await readSmallFile(context.cwd, file))));
  await write(blendStyleCodes(read, codes.map(({ weight }) => weight)), options, context);
}

async function write(code: StyleCode, { out, json }: { out: string; json?: boolean }, { cwd, out: print }: CommandContext): Promise<void> {
  const bytes = await encodeStyleCode(code);
  await writeFileAtomically(resolve(cwd, out), [bytes]);
  if (json === true) print(`${JSON.stringify({ file: out, bytes: bytes.length, encoder: code.encoder, branches: Object.keys(code.tokens) })}\n`);
  else print(`${out}: ${Object.keys(code.tokens).join(" and ")}, ${bytes.length} bytes, encoder ${code.encoder.slice(0, 12)}\n`);
}
