// The inference process: loads a bundle and makes pictures for the supervisor that forked it.
import { fileURLToPath } from "node:url";
import { openModel } from "@deadiff/core/node";
import { inlineRuntime } from "@deadiff/core/ort";
import { readInferenceEnv } from "../env.ts";
import { shareRuns } from "./batch/share-runs.ts";
import { describeModel } from "./describe.ts";
import { serve } from "./serve.ts";
import { stylizeWith } from "./stylize.ts";

/** Jobs that share a graphics processor: enough to fill its largest worthwhile batch while some are at their encoders or decoders. */
const SLOTS = 8;

await serve(async () => {
  const env = readInferenceEnv();
  const cacheFolder = fileURLToPath(new URL("../../../../.cache/graphs", import.meta.url));
  // Its own process already: a second one behind it would only cost memory.
  const runtime = await inlineRuntime({ provider: env.DEADIFF_PROVIDER, cacheFolder, ...(env.DEADIFF_THREADS === undefined ? {} : { threads: env.DEADIFF_THREADS }) });
  const folder = env.DEADIFF_BUNDLE ?? fileURLToPath(new URL("../../../../models/mini", import.meta.url));
  const model = await openModel(folder, runtime, { cacheFolder });
  // The first job shall not wait for what every job needs.
  await model.warm(["text", "reference-style", "conditioning", "unet", "vae-decode"]);
  // One job at a time fills a processor; a graphics processor is shared.
  const slots = env.DEADIFF_SLOTS ?? (model.provider === "cpu" ? 1 : SLOTS);
  const scheduler = slots > 1 ? await shareRuns(model) : undefined;
  return { slots, generate: stylizeWith(model, scheduler), model: `${model.name}@${model.version}`, about: await describeModel(model, folder) };
});
