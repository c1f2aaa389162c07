import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { countParams, DeadiffError, deadiffConfigSchema, deadiffSpec, decodeStyleCode, parametersSchema } from "@deadiff/core";
import { openBundle, readPngParameters } from "@deadiff/core/node";
import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { looksLikeStyleCode, readSmallFile } from "../files.ts";
import { progressBar } from "../output/progress.ts";

type InspectOptions = { verify?: boolean; json?: boolean };

/** What was found: a heading, and facts by name. */
type Report = { kind: "bundle" | "picture" | "style-code"; facts: Record<string, unknown> };

/** `deadiff inspect`: what a bundle, a picture made here or a style code is. */
export function addInspect(program: Command, context: CommandContext): void {
  program.command("inspect <path>").description("Say what a bundle, a picture made here or a style code is.")
    .option("--verify", "hash every file of a bundle, those that were found whole before, too")
    .option("--json", "print one JSON object")
    .action(async (path: string, options: InspectOptions) => {
      const report = await inspect(path, options, context);
      if (options.json === true) context.out(`${JSON.stringify({ kind: report.kind, ...report.facts })}\n`);
      else for (const [name, value] of Object.entries({ kind: report.kind, ...report.facts })) context.out(`${name.padEnd(18)} ${typeof value === "string" ? value : JSON.stringify(value)}\n`);
    });
}

async function inspect(path: string, options: InspectOptions, context: CommandContext): Promise<Report> {
  const { cwd } = context;
  const found = await stat(resolve(cwd, path)).catch((cause: unknown) => {
    throw new DeadiffError("file_unreadable", `there is nothing at ${path}`, { cause });
  });
  if (found.isDirectory()) return inspectBundle(resolve(cwd, path), options.verify === true, context);
  const bytes = await readSmallFile(cwd, path);
  return looksLikeStyleCode(bytes) ? inspectCode(bytes) : inspectPicture(path, bytes);
}

async function inspectBundle(folder: string, verify: boolean, context: CommandContext): Promise<Report> {
  const { signal, cacheFolder } = context;
  const bar = progressBar(context);
  const { manifest } = await openBundle(folder, {
    config: deadiffConfigSchema, verify: verify ? "full" : "once", cacheFolder,
    onVerify: (done, total) => {
      signal.throwIfAborted();
      bar.show("checking files", done, total);
    },
  }).finally(() => bar.stop());
  const { name, version, preset, modes, sizes, licence, provenance, files, config } = manifest;
  const spec = deadiffSpec(config);
  const parameters = Object.fromEntries(Object.entries(spec).map(([part, tree]) => [part, countParams(tree)]));
  return { kind: "bundle", facts: {
    name, version, preset, modes, sizes, layers: config.layerMap, attention: config.attention, prediction: config.prediction,
    parameters: { ...parameters, total: countParams(spec) }, bytes: files.reduce((sum, file) => sum + file.bytes, 0), licence, provenance, files,
  } };
}

async function inspectCode(bytes: Uint8Array): Promise<Report> {
  const { encoder, queries, width, tokens } = await decodeStyleCode(bytes);
  return { kind: "style-code", facts: { encoder, branches: Object.keys(tokens), queries, width, bytes: bytes.length } };
}

function inspectPicture(path: string, bytes: Uint8Array): Report {
  const written = readPngParameters(bytes);
  if (written === undefined) throw new DeadiffError("no_parameters", `${path} is a PNG without parameters: it was not made here, or was changed by another program`);
  const parsed = parametersSchema.safeParse(written);
  if (!parsed.success) throw new DeadiffError("no_parameters", `${path} holds parameters that this version cannot read`);
  return { kind: "picture", facts: parsed.data };
}
