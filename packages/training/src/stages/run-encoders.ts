/** `node packages/training/src/stages/run-encoders.ts [steps]`: trains mini's contrastive encoders into runs/encoders. */
import { join } from "node:path";
import { MINI } from "@deadiff/core";
import { inlineRuntime } from "@deadiff/core/ort";
import { ADAMW } from "../train/optimizer.ts";
import { train } from "../train/run.ts";
import { encodeTexts, miniTokenizer, referencePixels } from "./conditions.ts";
import { openMiniData, SIDE, stream, trainView } from "./data.ts";
import { encodersObjective } from "./encoders.ts";
import { RUNS_FOLDER, stopSignal } from "./runs.ts";
import { shippedWeights } from "./shipped.ts";

const steps = Number(process.argv[2] ?? 1500);
const batchSize = 96;
const seed = 21;
const dataset = await openMiniData();
const { tokenizer } = await miniTokenizer(dataset.folder);

const objective = encodersObjective(MINI, batchSize);
const runtime = await inlineRuntime();
await train(runtime, {
  folder: join(RUNS_FOLDER, "encoders"),
  identity: { objective: "encoders", config: JSON.stringify([MINI.text, MINI.vision]), seed, data: dataset.hash },
  objective,
  config: { steps, batchSize, lr: { peak: 1e-3, warmup: 100, floor: 0.02 }, optimizer: { adamW: ADAMW }, emaDecay: 0.995, checkpointMinutes: 5 },
  seed,
  initial: await shippedWeights(objective.parameters),
  batches: stream(trainView(dataset), { tasks: ["reconstruction"], seed, count: batchSize }, ({ target, pairs }) => ({
    image: referencePixels(target, batchSize, SIDE, MINI.vision.imageSize),
    ...encodeTexts(tokenizer, pairs.map((pair) => pair.target.caption.text)),
  })),
  signal: stopSignal(),
  log: (line) => console.log(line),
});
await runtime.close();
