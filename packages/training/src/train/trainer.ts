import { bindParams, grad, ops, PROFILES, simplify, toOnnx, trace } from "@deadiff/core";
import type { Graph, HostTensor, InputSpec, Kept, Runtime, Session, Tensor } from "@deadiff/core";
import type { Objective } from "./objective.ts";
import { takesMuon } from "./muon.ts";
import { optimise, stepScalars } from "./optimizer.ts";
import type { OptimizerConfig } from "./optimizer.ts";

/** Values of named parameters. */
export type Weights = ReadonlyMap<string, Float32Array>;

/** All that a run needs to go on: weights, moments and the averaged weights, after `step` updates. */
export type TrainingState = { step: number; weights: Weights; m: Weights; v: Weights; ema: Weights };

export type TrainerOptions = {
  optimizer: OptimizerConfig;
  /**
   * Micro-batches whose mean gradient makes one update, 1 unless given: a larger batch than fits in memory. Costs the
   * gradients' memory, and one more pass over the weights an update.
   */
  accumulate?: number;
  /** Per-step decay of the averaged weights (Polyak averaging), reached from below: early averages forget the start. */
  emaDecay: number;
};

/** Averaged weights are updated once in this many steps, with the decay to that power: it costs a pass over all weights. */
const EMA_EVERY = 8;

/** Owns the weights and moments of one run inside a runtime. */
export type Trainer = {
  readonly step: number;
  /** One update from `accumulate` micro-batches; returns their mean loss and other scalars, and the norm of the whole gradient. */
  update(batches: readonly Readonly<Record<string, HostTensor>>[], lr: number): Promise<Record<string, number>>;
  /** Copies everything out. */
  state(): Promise<TrainingState>;
  /** Goes on from a state of the same step; frozen weights stay. */
  replace(state: TrainingState): Promise<void>;
  close(): Promise<void>;
};

type Kind = "w" | "m" | "v" | "ema" | "g";
const kept = (kind: Kind, name: string): string => `${kind}/${name}`;

/**
 * Loads an objective's training step as one graph (forward, backward, clipping, update) and the state it starts from.
 * The state lives in the runtime between steps and is not copied.
 */
export async function createTrainer(runtime: Runtime, objective: Objective, start: TrainingState, options: TrainerOptions): Promise<Trainer> {
  const shapes = new Map(objective.parameters.map(({ name, spec }) => [name, spec.shape]));
  const trained = objective.parameters.map(({ name }) => name).filter((name) => objective.trained.has(name));
  const second = trained.filter((name) => hasSecondMoment(name, shapes.get(name) ?? [], options.optimizer));
  const { accumulate = 1 } = options;
  const session = await openFed(runtime, accumulate === 1 ? stepGraph(objective, options.optimizer) : updateGraph(objective, options.optimizer, accumulate));
  const gradients = accumulate === 1 ? null : await openFed(runtime, gradientGraph(objective));
  const average = await openFed(runtime, averageGraph(trained, shapes));
  const write = (kind: Kind, values: Weights, names: Iterable<string>) => Promise.all([...names].map((name) => {
    const data = values.get(name);
    if (data === undefined) throw new TypeError(`${objective.name}: the state holds no ${kind} of ${name}`);
    return runtime.write(kept(kind, name), { dtype: "float32", dims: shapes.get(name) ?? [], data });
  }));
  const writeTrained = async (state: TrainingState): Promise<void> => {
    await write("w", state.weights, trained);
    for (const [kind, names] of [["m", trained], ["v", second], ["ema", trained]] as const) await write(kind, state[kind], names);
  };
  await write("w", start.weights, shapes.keys());
  await writeTrained(start);

  if (gradients !== null) await write("g", new Map(trained.map((name) => [name, new Float32Array(sizeOf(shapes.get(name) ?? []))])), trained);

  // Only what a graph reads is fed: a frozen part that the loss never touches is not an input of it.
  const storedOf = ({ inputNames }: Session): Record<string, Kept> => Object.fromEntries(inputNames.flatMap((input) => {
    if (shapes.has(input)) return [[input, { kept: kept("w", input) }]];
    return /^[mvg]\//.test(input) ? [[input, { kept: input }]] : [];
  }));
  const stored = storedOf(session);
  const keep = Object.fromEntries(([["w", trained], ["m", trained], ["v", second]] as const).flatMap(([kind, names]) => names.map((name) => [`next ${kept(kind, name)}`, kept(kind, name)])));
  const gradientFeeds = gradients === null ? {} : storedOf(gradients);
  const gradientKeep = Object.fromEntries(trained.map((name) => [`next ${kept("g", name)}`, kept("g", name)]));
  const averageFeeds = Object.fromEntries(trained.flatMap((name) => (["w", "ema"] as const).map((kind) => [kept(kind, name), { kept: kept(kind, name) }])));
  const averageKeep = Object.fromEntries(trained.map((name) => [`next ${kept("ema", name)}`, kept("ema", name)]));
  const scalar = (value: number): HostTensor => ({ dtype: "float32", dims: [], data: Float32Array.of(value) });

  let step = start.step;
  return {
    get step() { return step; },
    async update(batches, lr) {
      if (batches.length !== accumulate) throw new RangeError(`${objective.name}: an update takes ${accumulate} micro-batches, not ${batches.length}`);
      const scalars = Object.entries(stepScalars(step + 1, lr, options.optimizer.adamW)).map(([name, value]) => [`step ${name}`, scalar(value)] as const);
      const feeds = { ...stored, ...Object.fromEntries(scalars.filter(([name]) => session.inputNames.includes(name))) };
      const results: Record<string, HostTensor>[] = [];
      if (gradients === null) {
        results.push(await session.run({ ...batches[0], ...feeds }, { keep }));
      } else {
        for (const [i, batch] of batches.entries()) results.push(await gradients.run({ ...batch, ...gradientFeeds, "carry": scalar(i === 0 ? 0 : 1) }, { keep: gradientKeep }));
        results.push(await session.run(feeds, { keep }));
      }
      step++;
      if (step % EMA_EVERY === 0) {
        const decay = Math.min(options.emaDecay, (1 + step) / (10 + step)) ** EMA_EVERY;
        await average.run({ ...averageFeeds, "new share": scalar(1 - decay) }, { keep: averageKeep });
      }
      return means(results);
    },
    async state() {
      const read = async (kind: Kind, names: Iterable<string>): Promise<Weights> => {
        const values = new Map<string, Float32Array>();
        for (const name of names) values.set(name, (await runtime.read(kept(kind, name))).data as Float32Array);
        return values;
      };
      return { step, weights: await read("w", shapes.keys()), m: await read("m", trained), v: await read("v", second), ema: await read("ema", trained) };
    },
    replace: writeTrained,
    async close() {
      await session.close();
      await gradients?.close();
      await average.close();
      await runtime.drop([...shapes.keys()].flatMap((name) => (["w", "m", "v", "ema", "g"] as const).map((kind) => kept(kind, name))));
    },
  };
}

function openFed(runtime: Runtime, graph: Graph): Promise<Session> {
  return runtime.open({ name: graph.name, onnx: toOnnx(graph, { profile: PROFILES.cpu, parameters: { kind: "fed" } }) });
}

const hasSecondMoment = (name: string, shape: readonly unknown[], { muon }: OptimizerConfig): boolean => muon === undefined || !takesMuon(name, shape);

const sizeOf = (shape: readonly unknown[]): number => shape.reduce<number>((n, d) => n * Number(d), 1);

/** Every scalar's mean over the results that have it. */
function means(results: readonly Readonly<Record<string, HostTensor>>[]): Record<string, number> {
  const names = new Set(results.flatMap((result) => Object.keys(result)));
  return Object.fromEntries([...names].map((name) => {
    const values = results.flatMap((result) => (result[name] === undefined ? [] : [Number(result[name].data[0])]));
    return [name, values.reduce((a, b) => a + b, 0) / values.length];
  }));
}

/** Batch, weights, moments and the step's scalars -> loss, metrics, gradient norm, and the next weights and moments. */
export function stepGraph(objective: Objective, config: OptimizerConfig): Graph {
  return simplify(trace(objective.name, { ...objective.batch, ...momentSpecs(objective, config), ...SCALARS }, (inputs) => {
    const { losses, gradients } = differentiate(objective, inputs);
    return { ...losses, ...updated(gradients, inputs, config) };
  }));
}

/** Batch, weights and the gradient so far -> loss, metrics, and the gradient with this batch's; `carry` 0 forgets what was. */
export function gradientGraph(objective: Objective): Graph {
  const sums = specsOf("g", objective);
  return simplify(trace(`${objective.name} gradient`, { ...objective.batch, ...sums, carry: { shape: [] } }, (inputs) => {
    const { losses, gradients } = differentiate(objective, inputs);
    const next = gradients.map(({ name, gradient }) => [`next ${kept("g", name)}`, ops.add(ops.mul(input(inputs, kept("g", name)), input(inputs, "carry")), gradient)] as const);
    return { ...losses, ...Object.fromEntries(next) };
  }));
}

/** Weights, moments, the step's scalars and a gradient summed over `count` batches -> gradient norm, and the next weights and moments. */
export function updateGraph(objective: Objective, config: OptimizerConfig, count: number): Graph {
  return simplify(trace(`${objective.name} update`, { ...specsOf("g", objective), ...momentSpecs(objective, config), ...SCALARS }, (inputs) =>
    updated(trainedOf(objective).map(({ name, spec }) => ({ name, parameter: bindParams(spec, name), gradient: ops.mul(input(inputs, kept("g", name)), 1 / count) })), inputs, config)));
}

const SCALARS: Readonly<Record<string, InputSpec>> = { "step rate": { shape: [] }, "step lr": { shape: [] }, "step decay": { shape: [] }, "step eps": { shape: [] } };

const trainedOf = ({ parameters, trained }: Objective): Objective["parameters"] => parameters.filter(({ name }) => trained.has(name));

const specsOf = (kind: Kind, objective: Objective): Record<string, InputSpec> => Object.fromEntries(trainedOf(objective).map(({ name, spec: { shape } }) => [kept(kind, name), { shape }]));

const momentSpecs = (objective: Objective, config: OptimizerConfig): Record<string, InputSpec> => ({
  ...specsOf("m", objective),
  ...Object.fromEntries(trainedOf(objective).filter(({ name, spec: { shape } }) => hasSecondMoment(name, shape, config)).map(({ name, spec: { shape } }) => [kept("v", name), { shape }])),
});

function input(inputs: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const x = inputs[name];
  if (x === undefined) throw new TypeError(`training: no input ${name}`);
  return x;
}

type Differentiated = { readonly name: string; readonly parameter: Tensor; readonly gradient: Tensor };

/** The loss and metrics of a batch, and the loss's gradient by every trained parameter. */
function differentiate(objective: Objective, batch: Readonly<Record<string, Tensor>>): { losses: { loss: Tensor }; gradients: Differentiated[] } {
  const losses = objective.loss(batch);
  const used = new Map(parameterTensors(losses.loss).map((p) => [p.name, p.tensor]));
  // A parameter the loss never reads has no gradient; it is given a tensor of its own and stays as it is.
  const slots = trainedOf(objective).map(({ name, spec }) => ({ name, parameter: used.get(name) ?? bindParams(spec, name) }));
  const gradients = grad(losses.loss, slots.map((s) => s.parameter));
  return { losses, gradients: slots.map((slot, i) => ({ ...slot, gradient: gradients[i] ?? losses.loss })) };
}

/** The optimizer's outputs: the gradient's norm, and the next weights and moments by name. */
function updated(gradients: readonly Differentiated[], inputs: Readonly<Record<string, Tensor>>, config: OptimizerConfig): Record<string, Tensor> {
  const slots = gradients.map(({ name, parameter, gradient }) => ({
    parameter, gradient, m: input(inputs, kept("m", name)), v: hasSecondMoment(name, parameter.shape, config) ? input(inputs, kept("v", name)) : null,
  }));
  const scalars = { rate: input(inputs, "step rate"), lr: input(inputs, "step lr"), decay: input(inputs, "step decay"), eps: input(inputs, "step eps") };
  const { updates, gradientNorm } = optimise(slots, scalars, config);
  const next = updates.flatMap((u, i) => ([["w", u.parameter], ["m", u.m], ["v", u.v]] as const)
    .flatMap(([kind, value]) => (value === null ? [] : [[`next ${kept(kind, gradients[i]?.name ?? "")}`, value] as const])));
  return { "gradient norm": gradientNorm, ...Object.fromEntries(next) };
}

/** ema + (w - ema) (1 - decay) for every trained weight; `new share` is 1 - decay. */
function averageGraph(names: readonly string[], shapes: ReadonlyMap<string, readonly number[]>): Graph {
  const specs: Record<string, InputSpec> = Object.fromEntries(names.flatMap((name) => (["w", "ema"] as const).map((kind) => [kept(kind, name), { shape: shapes.get(name) ?? [] }])));
  return trace("average", { ...specs, "new share": { shape: [] } }, (x) => Object.fromEntries(names.map((name) => {
    const inputs = x as Record<string, Tensor>;
    const [w, ema, share] = [inputs[kept("w", name)], inputs[kept("ema", name)], inputs["new share"]];
    if (w === undefined || ema === undefined || share === undefined) throw new TypeError(`average: no input for ${name}`);
    return [`next ${kept("ema", name)}`, ops.add(ema, ops.mul(ops.sub(w, ema), share))];
  })));
}

/** The parameter tensors that `x` depends on. */
function parameterTensors(x: Tensor): { name: string; tensor: Tensor }[] {
  const found: { name: string; tensor: Tensor }[] = [];
  const seen = new Set<Tensor>([x]);
  const stack = [x];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node.op.kind === "parameter") found.push({ name: node.op.name, tensor: node });
    for (const operand of node.inputs) if (!seen.has(operand)) { seen.add(operand); stack.push(operand); }
  }
  return found;
}
