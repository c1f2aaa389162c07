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
  /** Per-step decay of the averaged weights (Polyak averaging), reached from below: early averages forget the start. */
  emaDecay: number;
};

/** Averaged weights are updated once in this many steps, with the decay to that power: it costs a pass over all weights. */
const EMA_EVERY = 8;

/** Owns the weights and moments of one run inside a runtime. */
export type Trainer = {
  readonly step: number;
  /** One update; returns the loss and other scalars of the batch. */
  update(batch: Readonly<Record<string, HostTensor>>, lr: number): Promise<Record<string, number>>;
  /** Copies everything out. */
  state(): Promise<TrainingState>;
  close(): Promise<void>;
};

const kept = (kind: "w" | "m" | "v" | "ema", name: string): string => `${kind}/${name}`;

/**
 * Loads an objective's training step as one graph (forward, backward, clipping, update) and the state it starts from.
 * The state lives in the runtime between steps and is not copied.
 */
export async function createTrainer(runtime: Runtime, objective: Objective, start: TrainingState, options: TrainerOptions): Promise<Trainer> {
  const shapes = new Map(objective.parameters.map(({ name, spec }) => [name, spec.shape]));
  const trained = objective.parameters.map(({ name }) => name).filter((name) => objective.trained.has(name));
  const second = trained.filter((name) => hasSecondMoment(name, shapes.get(name) ?? [], options.optimizer));
  const graph = stepGraph(objective, options.optimizer);
  const session = await openFed(runtime, graph);
  const average = await openFed(runtime, averageGraph(trained, shapes));
  const write = (kind: "w" | "m" | "v" | "ema", values: Weights, names: Iterable<string>) => Promise.all([...names].map((name) => {
    const data = values.get(name);
    if (data === undefined) throw new TypeError(`${objective.name}: the state holds no ${kind} of ${name}`);
    return runtime.write(kept(kind, name), { dtype: "float32", dims: shapes.get(name) ?? [], data });
  }));
  await write("w", start.weights, shapes.keys());
  for (const [kind, names] of [["m", trained], ["v", second], ["ema", trained]] as const) await write(kind, start[kind], names);

  // Only what the graph reads is fed: a frozen part that the loss never touches is not an input of it.
  const stored: Record<string, Kept> = {};
  for (const input of session.inputNames) {
    if (shapes.has(input)) stored[input] = { kept: kept("w", input) };
    else if (/^[mv]\//.test(input)) stored[input] = { kept: input };
  }
  const keep = Object.fromEntries(([["w", trained], ["m", trained], ["v", second]] as const).flatMap(([kind, names]) => names.map((name) => [`next ${kept(kind, name)}`, kept(kind, name)])));
  const averageFeeds = Object.fromEntries(trained.flatMap((name) => (["w", "ema"] as const).map((kind) => [kept(kind, name), { kept: kept(kind, name) }])));
  const averageKeep = Object.fromEntries(trained.map((name) => [`next ${kept("ema", name)}`, kept("ema", name)]));
  const scalar = (value: number): HostTensor => ({ dtype: "float32", dims: [], data: Float32Array.of(value) });

  let step = start.step;
  return {
    get step() { return step; },
    async update(batch, lr) {
      const scalars = Object.entries(stepScalars(step + 1, lr, options.optimizer.adamW)).map(([name, value]) => [`step ${name}`, scalar(value)] as const);
      const results = await session.run({ ...batch, ...stored, ...Object.fromEntries(scalars.filter(([name]) => session.inputNames.includes(name))) }, { keep });
      step++;
      if (step % EMA_EVERY === 0) {
        const decay = Math.min(options.emaDecay, (1 + step) / (10 + step)) ** EMA_EVERY;
        await average.run({ ...averageFeeds, "new share": scalar(1 - decay) }, { keep: averageKeep });
      }
      return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, Number(data[0])]));
    },
    async state() {
      const read = async (kind: "w" | "m" | "v" | "ema", names: Iterable<string>): Promise<Weights> => {
        const values = new Map<string, Float32Array>();
        for (const name of names) values.set(name, (await runtime.read(kept(kind, name))).data as Float32Array);
        return values;
      };
      return { step, weights: await read("w", shapes.keys()), m: await read("m", trained), v: await read("v", second), ema: await read("ema", trained) };
    },
    async close() {
      await session.close();
      await average.close();
      await runtime.drop([...shapes.keys()].flatMap((name) => (["w", "m", "v", "ema"] as const).map((kind) => kept(kind, name))));
    },
  };
}

function openFed(runtime: Runtime, graph: Graph): Promise<Session> {
  return runtime.open({ name: graph.name, onnx: toOnnx(graph, { profile: PROFILES.cpu, parameters: { kind: "fed" } }) });
}

const hasSecondMoment = (name: string, shape: readonly unknown[], { muon }: OptimizerConfig): boolean => muon === undefined || !takesMuon(name, shape);

/** Batch, weights, moments and the step's scalars -> loss, metrics, gradient norm, and the next weights and moments. */
export function stepGraph(objective: Objective, config: OptimizerConfig): Graph {
  const trained = objective.parameters.filter(({ name }) => objective.trained.has(name));
  const scalar: InputSpec = { shape: [] };
  const moments: Record<string, InputSpec> = Object.fromEntries(trained.flatMap(({ name, spec: { shape } }) =>
    (hasSecondMoment(name, shape, config) ? ["m", "v"] as const : ["m"] as const).map((kind) => [kept(kind, name), { shape }] as const)));
  return simplify(trace(objective.name, { ...objective.batch, ...moments, "step rate": scalar, "step lr": scalar, "step decay": scalar, "step eps": scalar }, (all) => {
    const inputs = all as Record<string, Tensor>;
    const of = (name: string): Tensor => {
      const x = inputs[name];
      if (x === undefined) throw new TypeError(`${objective.name}: no input ${name}`);
      return x;
    };
    const { loss, ...metrics } = objective.loss(inputs);
    const used = new Map(parameterTensors(loss).map((p) => [p.name, p.tensor]));
    const slots = trained.map(({ name, spec }) => {
      // A parameter the loss never reads has no gradient; it is given a tensor of its own and stays as it is.
      const parameter = used.get(name) ?? bindParams(spec, name);
      return { name, parameter, m: of(kept("m", name)), v: hasSecondMoment(name, spec.shape, config) ? of(kept("v", name)) : null };
    });
    const gradients = grad(loss, slots.map((s) => s.parameter));
    const full = slots.map((s, i) => ({ ...s, gradient: gradients[i] ?? loss }));
    const { updates, gradientNorm } = optimise(full, { rate: of("step rate"), lr: of("step lr"), decay: of("step decay"), eps: of("step eps") }, config);
    const next = updates.flatMap((u, i) => {
      const name = slots[i]?.name ?? "";
      const written = [["w", u.parameter], ["m", u.m], ["v", u.v]] as const;
      return written.flatMap(([kind, value]) => (value === null ? [] : [[`next ${kept(kind, name)}`, value] as const]));
    });
    return { loss, ...metrics, "gradient norm": gradientNorm, ...Object.fromEntries(next) };
  }));
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
