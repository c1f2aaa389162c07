import { gaussian, nodesOf, TINY } from "@deadiff/core";
import type { HostTensor } from "@deadiff/core";
import { inlineRuntime } from "@deadiff/core/ort";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { styleJudgeObjective, subjectJudgeObjective } from "../judge/objectives.ts";
import { STYLE_JUDGE, SUBJECT_JUDGE } from "../judge/network.ts";
import { methodConfig } from "../methods/method.ts";
import { METHODS } from "../methods/methods.ts";
import { baseObjective } from "../stages/base.ts";
import { alignObjective } from "../stages/align.ts";
import { deadiffObjective } from "../stages/deadiff.ts";
import { decoderObjective } from "../stages/decoder.ts";
import { encodersObjective } from "../stages/encoders.ts";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { startState } from "./initialise.ts";
import type { Objective } from "./objective.ts";
import { MUON, takesMuon } from "./muon.ts";
import { ADAMW, learningRate } from "./optimizer.ts";
import { createTrainer, stepGraph } from "./trainer.ts";
import type { TrainerOptions, TrainingState } from "./trainer.ts";

type Runtime = Awaited<ReturnType<typeof inlineRuntime>>;
let runtime: Runtime;
let folder: string;
beforeAll(async () => {
  runtime = await inlineRuntime({ threads: 1 });
  folder = await mkdtemp(join(tmpdir(), "deadiff-train-"));
});
afterAll(async () => {
  await runtime.close();
  await rm(folder, { recursive: true, force: true });
});

const options = { optimizer: { adamW: ADAMW }, emaDecay: 0.9 };
const withMuon = { ...options, optimizer: { adamW: ADAMW, muon: MUON } };

/** A batch of noise with the objective's shapes; ids are small numbers, factors are 0 or 1. */
function fakeBatch(objective: Objective, step: number): Record<string, HostTensor> {
  return Object.fromEntries(Object.entries(objective.batch).map(([name, { shape, dtype }], i): [string, HostTensor] => {
    const dims = shape.map(Number);
    const size = dims.reduce((n, d) => n * d, 1);
    if (dtype === "int64") return [name, { dtype: "int64", dims, data: BigInt64Array.from({ length: size }, (_, j) => BigInt((j * 7 + step) % 5)) }];
    const noise = gaussian(BigInt(step), i, size);
    if (name === "positives" || name === "own") return [name, { dtype: "float32", dims, data: noise.map((_, j) => (j % Number(dims[1]) === (Math.floor(j / Number(dims[1])) + 1) % Number(dims[1]) ? 1 : 0)) }];
    if (name === "timestep") return [name, { dtype: "float32", dims, data: noise.map((x) => Math.abs(x) * 300) }];
    if (name === "a" || name === "s") return [name, { dtype: "float32", dims, data: noise.fill(Math.SQRT1_2) }];
    if (name === "end") return [name, { dtype: "float32", dims, data: noise.map((_, j) => (j % Number(dims[1]) === 2 ? 1 : 0)) }];
    return [name, { dtype: "float32", dims, data: noise }];
  }));
}

async function run(objective: Objective, start: TrainingState, batches: (step: number) => Record<string, HostTensor>, until: number, how: TrainerOptions = options): Promise<{ state: TrainingState; losses: number[] }> {
  const trainer = await createTrainer(runtime, objective, start, how);
  const losses: number[] = [];
  while (trainer.step < until) losses.push((await trainer.update([batches(trainer.step)], 1e-3))["loss"] ?? NaN);
  const state = await trainer.state();
  await trainer.close();
  return { state, losses };
}

/** Layers that start at zero pass no gradient to what lies before them, which a frozen network would keep so: gives them noise. */
const lively = (state: TrainingState): TrainingState => ({
  ...state, weights: new Map([...state.weights].map(([name, w], i) => [name, w.every((x) => x === 0) ? gaussian(9n, i, w.length).map((x) => x * 0.1) : w])),
});

/** A judge at a size for tests. */
const small = { patch: 8, widths: [8, 8], blocks: [1, 1], groups: 2, embedding: 8 } as const;
const named = (name: string, objective: Objective): Objective => ({ ...objective, name });

const smallJudge = styleJudgeObjective({ ...STYLE_JUDGE, ...small }, 4);

const objectives: Objective[] = [
  encodersObjective(TINY, 4), alignObjective(TINY, 4), decoderObjective(TINY, 2, 32), baseObjective(TINY, 2, 8), deadiffObjective(TINY, 2, 8),
  named("ip-adapter (added attention)", deadiffObjective(methodConfig(TINY, METHODS["ip-adapter"]), 2, 8)),
  named("no-layer-split", deadiffObjective(methodConfig(TINY, METHODS["no-layer-split"]), 2, 8)),
  named("deadiff with two vision encoders", deadiffObjective({ ...TINY, sharedVision: false }, 2, 8)),
  smallJudge, subjectJudgeObjective({ ...SUBJECT_JUDGE, ...small }, { batchSize: 4, names: 6, words: 10, length: 3 }),
];

// Opening a training graph takes ONNX Runtime some seconds on a busy machine.
describe("trainer", { timeout: 120_000 }, () => {
  test.each(objectives)("the loss of $name falls on a fixed batch", async (objective) => {
    const batch = fakeBatch(objective, 0);
    const { losses } = await run(objective, lively(startState(objective, 1)), () => batch, 25);
    expect(losses.every(Number.isFinite)).toBe(true);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) * 0.98);
  });

  test.each([
    ["AdamW", baseObjective(TINY, 2, 8), options], ["Muon", smallJudge, withMuon],
  ])("four steps of %s equal two and two from a checkpoint, to the bit", async (_, objective, how) => {
    const identity = { objective: "base", config: "tiny", seed: 5, data: "noise" };
    const path = join(folder, "resume.safetensors");
    const whole = await run(objective, startState(objective, 5), (step) => fakeBatch(objective, step), 4, how);
    const half = await run(objective, startState(objective, 5), (step) => fakeBatch(objective, step), 2, how);
    await saveCheckpoint(path, half.state, objective, identity);
    const resumed = await loadCheckpoint(path, identity);
    expect(resumed?.step).toBe(2);
    const rest = await run(objective, resumed!, (step) => fakeBatch(objective, step), 4, how);
    expect([...half.losses, ...rest.losses]).toEqual(whole.losses);
    for (const kind of ["weights", "m", "v", "ema"] as const) expect(new Map(rest.state[kind])).toEqual(new Map(whole.state[kind]));
  });

  test("two micro-batches accumulated make the update of one batch of both", async () => {
    const [small, whole] = [deadiffObjective(TINY, 2, 8), deadiffObjective(TINY, 4, 8)];
    const start = lively(startState(small, 4));
    // A large eps, or the rounding of a gradient that is nearly nothing would decide its weight's direction.
    const joined = (a: HostTensor, b: HostTensor): HostTensor => {
      const dims = [Number(a.dims[0]) + Number(b.dims[0]), ...a.dims.slice(1)];
      return a.dtype === "int64" ? { ...a, dims, data: BigInt64Array.from([...a.data, ...(b.data as BigInt64Array)]) } : { dtype: "float32", dims, data: Float32Array.from([...(a.data as Float32Array), ...(b.data as Float32Array)]) };
    };
    const update = async (objective: Objective, batches: (step: number) => Record<string, HostTensor>[], accumulate: number) => {
      const trainer = await createTrainer(runtime, objective, start, { ...options, optimizer: { adamW: { ...ADAMW, eps: 1e-2 } }, accumulate });
      const results = [await trainer.update(batches(0), 1e-3), await trainer.update(batches(1), 1e-3)];
      const { weights } = await trainer.state();
      await trainer.close();
      return { results, weights };
    };
    const halves = (step: number): Record<string, HostTensor>[] => [fakeBatch(small, 2 * step), fakeBatch(small, 2 * step + 1)];
    const accumulated = await update(small, halves, 2);
    const atOnce = await update(whole, (step) => {
      const [first, second] = halves(step);
      return [Object.fromEntries(Object.entries(first!).map(([name, x]) => [name, joined(x, second![name]!)]))];
    }, 1);
    for (const [i, result] of accumulated.results.entries()) {
      for (const [name, value] of Object.entries(result)) expect(value, name).toBeCloseTo(atOnce.results[i]![name]!, 4);
    }
    for (const [name, w] of accumulated.weights) {
      const other = atOnce.weights.get(name)!;
      expect(Math.max(...w.map((x, i) => Math.abs(x - other[i]!))), name).toBeLessThan(1e-6);
    }
  });

  test("Muon lowers the loss on a fixed batch, and keeps no second moment of what it takes", async () => {
    const objective = smallJudge;
    const { losses, state } = await run(objective, startState(objective, 1), () => fakeBatch(objective, 0), 25, withMuon);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) * 0.98);
    const taken = objective.parameters.filter(({ name, spec }) => takesMuon(name, spec.shape));
    expect(taken.length).toBeGreaterThan(0);
    expect(taken.filter(({ name }) => state.v.has(name))).toEqual([]);
  });

  test("a checkpoint of another run is refused by name", async () => {
    const path = join(folder, "resume.safetensors");
    await expect(loadCheckpoint(path, { objective: "base", config: "tiny", seed: 6, data: "noise" })).rejects.toMatchObject({ code: "checkpoint_other_run" });
    expect(await loadCheckpoint(join(folder, "none.safetensors"), { objective: "base", config: "tiny", seed: 6, data: "noise" })).toBeNull();
  });

  test("frozen weights stay equal to the bit, trained ones move", async () => {
    const objective = deadiffObjective(TINY, 2, 8);
    const start = lively(startState(objective, 3));
    const { weights } = start;
    const { state } = await run(objective, start, (step) => ({ ...fakeBatch(objective, step), style: ones(objective, "style"), content: ones(objective, "content") }), 3);
    for (const [name, before] of weights) {
      const same = before.every((x, i) => x === state.weights.get(name)?.[i]);
      if (!objective.trained.has(name)) expect(same, `${name} is frozen`).toBe(true);
    }
    const moved = [...objective.trained].filter((name) => weights.get(name)?.some((x, i) => x !== state.weights.get(name)?.[i]));
    // The words' feed-forward of the last layer is read by nobody.
    expect([...objective.trained].filter((name) => !moved.includes(name)).every((name) => name.includes("feedForwardText"))).toBe(true);
  });

  test("a step computes no gradient of frozen weights", () => {
    const kinds = (objective: Objective): Set<string> => new Set(nodesOf(stepGraph(objective, options.optimizer)).map(({ op }) => op.kind));
    // The frozen U-Net alone has convolutions; what DEADiff trains is products.
    expect(kinds(baseObjective(TINY, 2, 8))).toContain("convWeightGrad");
    for (const method of [METHODS.deadiff, METHODS["ip-adapter"], METHODS["no-layer-split"]]) {
      const objective = deadiffObjective(methodConfig(TINY, method), 2, 8);
      expect(kinds(objective)).not.toContain("convWeightGrad");
      const written = Object.keys(stepGraph(objective, options.optimizer).outputs).filter((name) => name.startsWith("next w/")).map((name) => name.slice("next w/".length));
      expect(new Set(written)).toEqual(objective.trained);
    }
  });

  test("a branch that no sample asks for gets no gradient", async () => {
    const objective = deadiffObjective(TINY, 2, 8);
    const zeros = { ...ones(objective, "content"), data: new Float32Array(2) } as HostTensor;
    const start = startState(objective, 3);
    const { state } = await run(objective, start, (step) => ({ ...fakeBatch(objective, step), style: ones(objective, "style"), content: zeros }), 2);
    const names = [...objective.trained].filter((name) => name.startsWith("image.content.projection") && name.endsWith(".bias"));
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(state.weights.get(name)).toEqual(start.weights.get(name));
  });

  test("the learning rate holds its peak until it is let down in a line", () => {
    const config = { peak: 2, warmup: 10, steps: 100, floor: 0.1, decay: 20 };
    expect([10, 50, 80].map((step) => learningRate(step, config))).toEqual([2, 2, 2]);
    expect(learningRate(90, config)).toBeCloseTo(1.1);
    expect(learningRate(100, config)).toBeCloseTo(0.2);
  });

  test("the learning rate warms up in a line and ends at its floor", () => {
    const config = { peak: 1, warmup: 10, steps: 100, floor: 0.1 };
    expect(learningRate(0, config)).toBeCloseTo(0.1);
    expect(learningRate(9, config)).toBeCloseTo(1);
    expect(learningRate(100, config)).toBeCloseTo(0.1);
  });
});

const ones = (objective: Objective, name: string): HostTensor => {
  const dims = (objective.batch[name]?.shape ?? []).map(Number);
  return { dtype: "float32", dims, data: new Float32Array(dims.reduce((n, d) => n * d, 1)).fill(1) };
};
