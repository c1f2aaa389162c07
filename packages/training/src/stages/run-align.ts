/** `node packages/training/src/stages/run-align.ts [steps] [threads]`: aligns mini's vision encoder and content branch with its text encoder into runs/align. */
import { join } from "node:path";
import { bindParams, deadiffSpec, MINI, ops, textEncoder, trace } from "@deadiff/core";
import type { Tensor } from "@deadiff/core";
import { inlineRuntime } from "@deadiff/core/ort";
import { randomStream } from "../data/random.ts";
import type { Random } from "../data/random.ts";
import { frozenWeights } from "../methods/train-method.ts";
import { openWithWeights } from "../train/fed.ts";
import { MUON } from "../train/muon.ts";
import { ADAMW } from "../train/optimizer.ts";
import { train } from "../train/run.ts";
import { alignObjective } from "./align.ts";
import { encodeTexts, miniTokenizer, referencePixels } from "./conditions.ts";
import { floats, MINI_VIEW, openMiniData, SIDE, stream, trainView } from "./data.ts";
import { RUNS_FOLDER, stopSignal } from "./runs.ts";

const [steps = "1500", threads = "2"] = process.argv.slice(2);
const batchSize = 64;
const seed = 51;
const dataset = await openMiniData();
const { tokenizer } = await miniTokenizer(dataset.folder);

const spec = deadiffSpec(MINI);
const frozen = await frozenWeights();
const runtime = await inlineRuntime({ threads: Number(threads) });
const encode = await openWithWeights(runtime, trace("frozen", {
  captionIds: { shape: [batchSize, MINI.text.context], dtype: "int64" }, end: { shape: [batchSize, MINI.text.context, 1] },
  nameIds: { shape: [batchSize, MINI.text.context], dtype: "int64" },
}, (x) => {
  const text = bindParams(spec.text, "text");
  const states = (ids: Tensor): Tensor => textEncoder(text, MINI.text, ids);
  return { captions: ops.sum(ops.mul(states(x.captionIds), x.end), [1]), names: ops.slice(states(x.nameIds), 1, 0, MINI.qFormer.queries) };
}), frozen);

/** Rows that say which samples show the same subject, each of sum 1. */
function sameAs(subjects: readonly string[]): Float32Array {
  return Float32Array.from(subjects.flatMap((row) => {
    const count = subjects.filter((subject) => subject === row).length;
    return subjects.map((subject) => (subject === row ? 1 / count : 0));
  }));
}

/** Batches of several streams in turn. */
function alternating(streams: readonly ReturnType<typeof stream>[]): ReturnType<typeof stream> {
  return (from) => {
    const opened = streams.map((open, i) => open(Math.ceil((from - i) / streams.length)));
    let at = from;
    return {
      async next() {
        const batch = await opened[at++ % opened.length]?.next();
        if (batch === undefined) throw new RangeError("alternating: no stream");
        return batch;
      },
      async close() { await Promise.all(opened.map((batches) => batches.close())); },
    };
  };
}

/** Pictures each moved by up to a tenth and scaled by 0.8 to 1.15, their rims drawn out: drawings are few, views of them are not. */
function moved(pixels: Float32Array, count: number, side: number, random: Random): Float32Array {
  const out = new Float32Array(pixels.length);
  for (let b = 0; b < count; b++) {
    const scale = 0.8 + 0.35 * random();
    const [x0, y0] = [0.2 * (random() - 0.5) * side, 0.2 * (random() - 0.5) * side];
    const from = (i: number, offset: number): number => Math.min(side - 1, Math.max(0, Math.round((i - side / 2) / scale + side / 2 + offset)));
    const [columns, rows] = [x0, y0].map((offset) => Array.from({ length: side }, (_, i) => from(i, offset))) as [number[], number[]];
    for (let plane = 3 * b; plane < 3 * b + 3; plane++) for (const [y, row] of rows.entries()) for (const [x, column] of columns.entries()) {
      out[(plane * side + y) * side + x] = pixels[(plane * side + row) * side + column] ?? 0;
    }
  }
  return out;
}

try {
  await train(runtime, {
    folder: join(RUNS_FOLDER, "align"),
    identity: { objective: "align", config: JSON.stringify([MINI.text, MINI.vision, MINI.qFormer]), seed, data: dataset.hash },
    objective: alignObjective(MINI, batchSize),
    config: { steps: Number(steps), batchSize, lr: { peak: 1e-3, warmup: 100, floor: 0.02 }, optimizer: { adamW: ADAMW, muon: MUON }, emaDecay: 0.995, checkpointMinutes: 5 },
    seed,
    initial: frozen,
    // What mini is trained to draw, in turn with all there is: an encoder that has seen more tells drawings apart that it never saw.
    batches: alternating([MINI_VIEW, {}].map((options, part) => stream(trainView(dataset, options), { tasks: ["sere"], plainShare: 0.35, seed: seed + part, count: batchSize }, async ({ reference, pairs }, step) => {
      const scenes = pairs.map((pair) => pair.reference);
      const captions = encodeTexts(tokenizer, scenes.map(({ caption }) => `${caption.content}, ${caption.style}`));
      // One name a subject: what is to be learned is which it is.
      const names = encodeTexts(tokenizer, scenes.map(({ cell: { subject } }) => subject.phrases[0] ?? subject.name));
      return {
        image: referencePixels(moved(reference, batchSize, SIDE, randomStream(seed, step, part)), batchSize, SIDE, MINI.vision.imageSize),
        ...(await encode.run({ captionIds: captions.ids, end: captions.end, nameIds: names.ids })),
        same: floats([batchSize, batchSize], sameAs(scenes.map(({ cell: { subject } }) => subject.hexcode))),
      };
    }))),
    signal: stopSignal(),
    log: (line) => console.log(line),
  });
} finally {
  await runtime.close();
}
