/** `node packages/training/src/stages/run-deadiff.ts [steps]`: trains mini's DEADiff parts over the frozen base into runs/deadiff. */
import { join } from "node:path";
import { bindParams, deadiffSpec, MINI, ops, textEncoder, trace, vaeEncode, visionEncoder } from "@deadiff/core";
import { inlineRuntime } from "@deadiff/core/ort";
import { randomStream } from "../data/random.ts";
import type { Pair } from "../data/pairs.ts";
import { loadWeights } from "../train/checkpoint.ts";
import { openWithWeights } from "../train/fed.ts";
import { ADAMW } from "../train/optimizer.ts";
import { train } from "../train/run.ts";
import { drawTimesteps, encodeTexts, miniTokenizer, referencePixels } from "./conditions.ts";
import { floats, latentSide, openMiniData, SIDE, stepNoise, stream, trainView, FIRST_TREATMENTS } from "./data.ts";
import { copyTextProjections, deadiffObjective } from "./deadiff.ts";
import { loadLatents } from "./latents.ts";
import { RUNS_FOLDER } from "./runs.ts";

const steps = Number(process.argv[2] ?? 4000);
const batchSize = 64;
const seed = 41;
const c = MINI;
/** Share of STRE and SERE samples whose image tokens are dropped, and of the projections' hidden dropout. */
const TOKEN_DROPOUT = 0.15, PROJECTION_DROPOUT = 0.1;

const dataset = await openMiniData();
const { tokenizer } = await miniTokenizer(dataset.folder);
const view = trainView(dataset, { subjects: "start", treatments: FIRST_TREATMENTS });
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
process.once("SIGTERM", () => stop.abort());

const runtime = await inlineRuntime();
const latents = await loadLatents();
const base = await loadWeights(join(RUNS_FOLDER, "base"));
const encoders = await loadWeights(join(RUNS_FOLDER, "encoders"));
const frozen = new Map([...encoders, ...latents, ...base]);
const latent = latentSide();
const spec = deadiffSpec(c);
const frozenGraph = trace("frozen", {
  pixels: { shape: [batchSize, 3, SIDE, SIDE] }, image: { shape: [batchSize, 3, c.vision.imageSize, c.vision.imageSize] }, ids: { shape: [batchSize, c.text.context], dtype: "int64" },
}, (x) => ({
  x0: ops.mul(ops.slice(vaeEncode(bindParams(spec.vae.encoder, "vae.encoder"), c.vae, x.pixels), 1, 0, c.vae.latentChannels), c.vae.scale),
  vision: visionEncoder(bindParams(spec.image.style.vision, "image.style.vision"), c.vision, x.image),
  text: textEncoder(bindParams(spec.text, "text"), c.text, x.ids),
}));
const encode = await openWithWeights(runtime, frozenGraph, frozen);

/** What the U-Net is told of a pair: the target's content for STRE, its style for SERE, nothing for reconstruction. */
function prompt({ task, target }: Pair<"train">): string {
  switch (task) {
    case "stre": return target.caption.content;
    case "sere": return target.caption.style;
    case "reconstruction": return "";
  }
}

await train(runtime, {
  folder: join(RUNS_FOLDER, "deadiff"),
  identity: { objective: "deadiff", config: JSON.stringify(c), seed, data: dataset.hash },
  objective: deadiffObjective(c, batchSize, latent),
  config: { steps, batchSize, lr: { peak: 5e-4, warmup: 200, floor: 0.05 }, adamW: ADAMW, emaDecay: 0.998, checkpointMinutes: 8 },
  seed,
  initial: new Map([...frozen, ...copyTextProjections(base)]),
  batches: stream(view, { plainShare: 0.35, seed, count: batchSize }, async ({ reference, target, pairs }, step) => {
    const random = randomStream(seed, step, 0xd40b);
    const asked = pairs.map(({ task }) => {
      const dropped = task !== "reconstruction" && random() < TOKEN_DROPOUT;
      return { style: !dropped && task !== "sere" ? 1 : 0, content: !dropped && task !== "stre" ? 1 : 0 };
    });
    const mask = (): Float32Array => Float32Array.from({ length: batchSize * c.qFormer.queries * c.qFormer.width }, () => (random() < PROJECTION_DROPOUT ? 0 : 1 / (1 - PROJECTION_DROPOUT)));
    const dims = [batchSize, c.qFormer.queries, c.qFormer.width];
    const tokens = await encode.run({
      pixels: floats([batchSize, 3, SIDE, SIDE], target), image: referencePixels(reference, batchSize, SIDE, c.vision.imageSize), ids: encodeTexts(tokenizer, pairs.map(prompt)).ids,
    });
    return {
      ...tokens, eps: stepNoise(seed, step, 1, [batchSize, c.vae.latentChannels, latent, latent]), ...drawTimesteps(seed, step, batchSize),
      style: floats([batchSize, 1, 1], Float32Array.from(asked, (a) => a.style)), content: floats([batchSize, 1, 1], Float32Array.from(asked, (a) => a.content)),
      "style dropout": floats(dims, mask()), "content dropout": floats(dims, mask()),
    };
  }),
  signal: stop.signal,
  log: (line) => console.log(line),
});
await runtime.close();
