import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { DeadiffError } from "@deadiff/core";
import { METHODS } from "./methods/methods.ts";

/** Mini's stages in their order, the judge's networks, and the compared methods: each a script with its first words. */
const SCRIPTS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  encoders: ["stages/run-encoders.ts"],
  base: ["stages/run-base.ts"],
  "decoder-crops": ["stages/run-decoder.ts", "crops"],
  "decoder-full": ["stages/run-decoder.ts", "full"],
  "decoder-redrawn": ["stages/run-redrawn.ts"],
  align: ["stages/run-align.ts"],
  "judge-style": ["stages/run-judge.ts", "style"],
  "judge-subject": ["stages/run-judge.ts", "subject"],
  ...Object.fromEntries(Object.keys(METHODS).map((name) => [name, ["methods/run-method.ts", name]] as const)),
  // The stage of the shipped model, not the run that is compared with the other methods.
  deadiff: ["stages/run-deadiff.ts"],
};

/** What `runStage` can train. */
export const STAGE_NAMES: readonly string[] = Object.keys(SCRIPTS);

/**
 * Trains a stage in a process of its own, its output passed on; an abort lets it write its checkpoint first.
 * @throws DeadiffError `stage_unknown`; the script's own, or `script_failed` where that has no code; or the signal's reason
 */
export async function runStage(name: string, { steps, signal }: { steps?: number; signal: AbortSignal }): Promise<void> {
  const script = Object.hasOwn(SCRIPTS, name) ? SCRIPTS[name] : undefined;
  if (script === undefined) throw new DeadiffError("stage_unknown", `there is no stage "${name}": choose one of ${STAGE_NAMES.join(", ")}`);
  const [file, ...words] = script;
  await runScript(file, [...words, ...(steps === undefined ? [] : [String(steps)])], signal);
}

/**
 * Judges the models that are there and writes the report; options are those of `npm run evaluate`.
 * @throws DeadiffError the script's own, or `script_failed` where that has no code; or the signal's reason
 */
export const runEvaluation = (options: readonly string[], signal: AbortSignal): Promise<void> => runScript("evaluate/run-evaluate.ts", options, signal);

/** What a script that ends by a `DeadiffError` says of it. */
export type ScriptFailure = { code: string; message: string };

async function runScript(file: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const [reporter, script] = ["report-failure.ts", file].map((name) => new URL(name, import.meta.url)) as [URL, URL];
  const child = spawn(process.execPath, ["--import", reporter.href, fileURLToPath(script), ...args], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const stop = (): void => { child.kill("SIGTERM"); };
  signal.addEventListener("abort", stop, { once: true });
  let failure: ScriptFailure | undefined;
  child.once("message", (said) => { failure = said as ScriptFailure; });
  try {
    const [code, killedBy] = await once(child, "exit") as [number | null, NodeJS.Signals | null];
    if (signal.aborted) throw signal.reason instanceof Error ? signal.reason : new DeadiffError("interrupted", "stopped");
    if (code === 0) return;
    if (child.connected) await once(child, "disconnect"); // what the script said has arrived by then
    throw failure === undefined
      ? new DeadiffError("script_failed", `${file} ended with ${killedBy ?? `code ${String(code)}`}: its own words are above`)
      : new DeadiffError(failure.code, failure.message);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
