import type { Tensor } from "../graph/tensor.ts";
import { parameter } from "../graph/ops.ts";

/** How a weight starts before training. `normal` has the given standard deviation. */
export type Init = { kind: "normal"; std: number } | { kind: "zeros" } | { kind: "ones" };

/** A weight's shape and start. Trees of these (objects and arrays) describe a network's parameters. */
export type ParamSpec = { readonly param: true; readonly shape: readonly number[]; readonly init: Init };

export const param = (shape: readonly number[], init: Init): ParamSpec => ({ param: true, shape, init });

/** A tree of specs with every spec replaced by the tensor of that parameter. */
export type Params<S> = S extends ParamSpec ? Tensor
  : S extends undefined ? undefined
  : { readonly [K in keyof S]: Params<S[K]> };

const isSpec = (x: unknown): x is ParamSpec => typeof x === "object" && x !== null && "param" in x;

/**
 * Every parameter of a spec tree by name, in tree order. A name is the path to it: `down.0.blocks.1.res.conv1.weight`.
 */
export function listParams(spec: unknown, prefix = ""): { name: string; spec: ParamSpec }[] {
  if (isSpec(spec)) return [{ name: prefix, spec }];
  if (typeof spec !== "object" || spec === null) return [];
  return Object.entries(spec).flatMap(([key, child]) => listParams(child, prefix === "" ? key : `${prefix}.${key}`));
}

/** The parameter tensors of a spec tree, named by their paths, optionally under a prefix. */
export function bindParams<S>(spec: S, prefix = ""): Params<S> {
  if (isSpec(spec)) return parameter(prefix, spec.shape) as Params<S>;
  if (typeof spec !== "object" || spec === null) return spec as Params<S>;
  const child = (key: string | number, value: unknown): unknown => bindParams(value, prefix === "" ? String(key) : `${prefix}.${key}`);
  if (Array.isArray(spec)) return spec.map((value: unknown, i) => child(i, value)) as unknown as Params<S>;
  return Object.fromEntries(Object.entries(spec).map(([key, value]) => [key, child(key, value)])) as Params<S>;
}

/** Number of weights in a spec tree. */
export const countParams = (spec: unknown): number =>
  listParams(spec).reduce((total, { spec: { shape } }) => total + shape.reduce((n, d) => n * d, 1), 0);
