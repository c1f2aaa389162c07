/**
 * `node packages/training/src/stages/run-judge.ts style|subject [steps] [threads]`: trains a network of the judge into
 * runs/judge-NAME, on all real pictures, held-out ones included: a judge may know what the judged may not.
 */
import { join } from "node:path";
import { inlineRuntime } from "@deadiff/core/ort";
import { createBatches } from "../data/batches/batches.ts";
import { pick, randomStream } from "../data/random.ts";
import { viewOf } from "../data/view.ts";
import { judgeWords, nameLength, readNames } from "../judge/names.ts";
import { STYLE_JUDGE, SUBJECT_JUDGE } from "../judge/network.ts";
import { styleJudgeObjective, subjectJudgeObjective } from "../judge/objectives.ts";
import { disturb, judgePixels } from "../judge/pictures.ts";
import { positives } from "../judge/positives.ts";
import { ADAMW } from "../train/optimizer.ts";
import { train } from "../train/run.ts";
import type { Run } from "../train/run.ts";
import { floats, MINI_VIEW, openMiniData, SIDE } from "./data.ts";
import { RUNS_FOLDER, stopSignal } from "./runs.ts";

const [network, steps = "3000", threads = "1"] = process.argv.slice(2);
if (network !== "style" && network !== "subject") throw new RangeError("run-judge: say style or subject");
// A pair is a picture to its partner; names are all there in every step, so small batches of pictures learn the quicker.
const batchSize = network === "style" ? 96 : 48;
const seed = network === "style" ? 71 : 72;
/** Uniform noise that training pictures may have, of a range of 2. */
const NOISE = { style: 0, subject: 0.3 };

const dataset = await openMiniData();
const everything = viewOf(dataset, "everything");

const runtime = await inlineRuntime({ threads: Number(threads) });
const run: Pick<Run, "objective" | "batches"> = network === "style" ? styleRun() : subjectRun();
await train(runtime, {
  ...run,
  folder: join(RUNS_FOLDER, `judge-${network}`),
  identity: { objective: run.objective.name, config: JSON.stringify(network === "style" ? STYLE_JUDGE : SUBJECT_JUDGE), seed, data: dataset.hash },
  config: { steps: Number(steps), batchSize, lr: { peak: network === "style" ? 2e-3 : 4e-3, warmup: 100, floor: 0.02 }, optimizer: { adamW: { ...ADAMW, weightDecay: 0.02 } }, emaDecay: 0.995, checkpointMinutes: 3 },
  seed,
  signal: stopSignal(),
  log: (line) => console.log(line),
});
await runtime.close();

/** Pairs of one style and two subjects; other pictures of the same hand and treatment count as alike too. */
function styleRun(): typeof run {
  return {
    objective: styleJudgeObjective(STYLE_JUDGE, batchSize),
    batches(fromStep) {
      const count = batchSize / 2;
      const batches = createBatches(everything, { tasks: ["stre"], seed, count, from: fromStep * count });
      let step = fromStep;
      return {
        async next() {
          const { pairs, reference, target } = await batches.next();
          const both = new Float32Array(2 * reference.length);
          both.set(reference);
          both.set(target, reference.length);
          const labels = [...pairs.map((pair) => pair.reference), ...pairs.map((pair) => pair.target)].map(({ style }) => `${style.hand} ${style.treatment}`);
          const pixels = disturb(randomStream(seed, step++, 0x5417), judgePixels(both, SIDE), NOISE.style);
          return { pixels: floats([batchSize, 3, 64, 64], pixels), positives: floats([batchSize, batchSize], positives(labels)) };
        },
        close: () => batches.close(),
      };
    },
  };
}

/**
 * Half of the pictures show the subjects that mini is trained on and prompted with; half show any. Plain drawings come
 * first: what a thing looks like is learnt sooner from them, and then kept through every treatment.
 */
function subjectRun(): typeof run {
  const { subjects } = dataset;
  const [words, length] = [judgeWords(subjects), nameLength(subjects)];
  const indexOf = new Map(subjects.map(({ hexcode }, i) => [hexcode, i]));
  const views = [viewOf(dataset, "everything", MINI_VIEW.subjects === undefined ? {} : { subjects: MINI_VIEW.subjects }), everything];
  const plainSteps = Math.floor(Number(steps) / 4);
  const open = (plainShare: number, fromStep: number) => {
    const count = batchSize / 2;
    return views.map((view, i) => createBatches(view, { tasks: ["reconstruction"], plainShare, count, from: fromStep * count, seed: seed + i }));
  };
  return {
    objective: subjectJudgeObjective(SUBJECT_JUDGE, { batchSize, names: subjects.length, words: words.length, length }),
    batches(fromStep) {
      const plain = open(0.85, fromStep), all = open(0.15, Math.max(fromStep, plainSteps));
      let step = fromStep;
      return {
        async next() {
          const random = randomStream(seed, step, 0x5417);
          const own = new Float32Array(batchSize * subjects.length);
          const pixels = new Float32Array(batchSize * 3 * SIDE ** 2);
          let row = 0;
          for (const half of step < plainSteps ? plain : all) {
            const batch = await half.next();
            pixels.set(batch.target, row * 3 * SIDE ** 2);
            for (const { target } of batch.pairs) own[row++ * subjects.length + (indexOf.get(target.cell.subject.hexcode) ?? 0)] = 1;
          }
          step++;
          return {
            pixels: floats([batchSize, 3, 64, 64], disturb(random, judgePixels(pixels, SIDE), NOISE.subject)),
            ...readNames(words, length, subjects.map(({ phrases }) => pick(random, phrases))),
            own: floats([batchSize, subjects.length], own),
          };
        },
        close: async () => { await Promise.all([...plain, ...all].map((half) => half.close())); },
      };
    },
  };
}
