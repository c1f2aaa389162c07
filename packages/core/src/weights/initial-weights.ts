import type { ParamSpec } from "../models/params.ts";
import { gaussian } from "../sampling/noise.ts";

/** Starting values by name, from the specs: every parameter draws its own noise, by its place in the list. */
export function initialWeights(parameters: readonly { name: string; spec: ParamSpec }[], seed: number): Map<string, Float32Array> {
  return new Map(parameters.map(({ name, spec: { shape, init } }, i) => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    switch (init.kind) {
      case "zeros": return [name, new Float32Array(size)];
      case "ones": return [name, new Float32Array(size).fill(1)];
      case "normal": return [name, gaussian(BigInt(seed), i, size).map((x) => x * init.std)];
    }
  }));
}
