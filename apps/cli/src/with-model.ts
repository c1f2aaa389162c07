import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { DeadiffError } from "@deadiff/core";
import type { Model, Runtime } from "@deadiff/core";
import { openModel } from "@deadiff/core/node";
import { startRuntime } from "@deadiff/core/ort";
import type { CommandContext } from "./context.ts";
import { progressBar } from "./output/progress.ts";

/** Options that every command with a model has. */
export type ModelOptions = { bundle?: string; threads?: number; cache: boolean };

/** Opens the bundle in a process of its own, hands it to `use`, and closes both whatever happens. An abort kills that process. */
export async function withModel<T>({ bundle, threads, cache }: ModelOptions, context: CommandContext, use: (model: Model, provider: Runtime["provider"]) => Promise<T>): Promise<T> {
  const { signal } = context;
  const folder = bundleFolder(bundle, context.cwd);
  signal.throwIfAborted();
  const kept = cache ? { cacheFolder: context.cacheFolder } : {};
  const runtime = await startRuntime({ signal, ...(threads !== undefined && { threads }), ...kept });
  const bar = progressBar(context);
  try {
    const model = await openModel(folder, runtime, { ...kept, onVerify: (done, total) => {
      signal.throwIfAborted();
      bar.show("checking the model's files", done, total);
    } });
    bar.stop();
    return await use(model, runtime.provider);
  } finally {
    bar.stop();
    await runtime.close();
  }
}

/** The bundle that was named, or the one that ships with the repository. @throws DeadiffError `bundle_missing` */
function bundleFolder(named: string | undefined, cwd: string): string {
  if (named !== undefined) return resolve(cwd, named);
  const shipped = [join(cwd, "models", "mini"), fileURLToPath(new URL("../../../models/mini", import.meta.url))].find((folder) => existsSync(join(folder, "bundle.json")));
  if (shipped === undefined) throw new DeadiffError("bundle_missing", "there is no bundle in models/mini: name one with --bundle, or make one with `deadiff import`");
  return shipped;
}
