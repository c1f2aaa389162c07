// The inference process: loads a bundle and makes pictures for the supervisor that forked it.
import { fileURLToPath } from "node:url";
import { openModel } from "@deadiff/core/node";
import { inlineRuntime } from "@deadiff/core/ort";
import { readInferenceEnv } from "../env.ts";
import { describeModel } from "./describe.ts";
import { serve } from "./serve.ts";
import { stylizeWith } from "./stylize.ts";

await serve(async () => {
  const env = readInferenceEnv();
  const cacheFolder = fileURLToPath(new URL("../../../../.cache/graphs", import.meta.url));
  // Its own process already: a second one behind it would only cost memory.
  const runtime = await inlineRuntime({ provider: env.DEADIFF_PROVIDER, cacheFolder, ...(env.DEADIFF_THREADS === undefined ? {} : { threads: env.DEADIFF_THREADS }) });
  const folder = env.DEADIFF_BUNDLE ?? fileURLToPath(new URL("../../../../models/mini", import.meta.url));
  const model = await openModel(folder, runtime);
  // The first job shall not wait for what every job needs.
  await model.warm(["text", "reference-style", "conditioning", "unet", "vae-decode"]);
  return { generate: stylizeWith(model), model: `${model.name}@${model.version}`, about: await describeModel(model, folder) };
});
