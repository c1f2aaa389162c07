import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Model, Runtime } from "@deadiff/core";
import { openModel, sha256OfFile } from "@deadiff/core/node";
import { methodBundleFolder } from "../methods/method-bundle.ts";
import { METHODS } from "../methods/methods.ts";
import type { MethodName } from "../methods/methods.ts";

/** A model under evaluation. */
export type Judged = { readonly model: Model; /** Tells it from every other: the hash of its bundle and its layer map. */ readonly identity: string };

/** Opens a bundle for evaluation, with another layer map where one is given. */
export async function openJudged(runtime: Runtime, folder: string, layerMap?: Model["config"]["layerMap"]): Promise<Judged> {
  const model = await openModel(folder, runtime, layerMap === undefined ? {} : { layerMap });
  return { model, identity: `${await sha256OfFile(join(folder, "bundle.json"))} ${model.config.layerMap.join()}` };
}

/** The compared methods that were trained on this machine, in the order of their table; the layer map's own variants are no peers. */
export function trainedMethods(): MethodName[] {
  return (Object.keys(METHODS) as MethodName[]).filter((name) => !name.startsWith("content-") && existsSync(join(methodBundleFolder(name), "bundle.json")));
}
