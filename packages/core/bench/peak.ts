import { constant, conv, matmul } from "../src/graph/ops.ts";
import { flopsOf } from "../src/graph/flops.ts";
import { trace } from "../src/graph/graph.ts";
import type { Graph } from "../src/graph/graph.ts";
import { toOnnx } from "../src/graph/onnx/lower.ts";
import { PROFILES } from "../src/graph/onnx/profile.ts";
import type { RuntimeOptions } from "../src/runtime/ort.ts";
import { createNoise } from "./noise.ts";
import { feedsOf } from "./stages.ts";
import { sample, startWorker } from "./worker.ts";

/** The best kernels reach this part of a loop of multiply-adds in registers (measured once: 0.975). */
const KERNEL_SHARE = 1.025;

/** GFLOP/s of processor time that the processor can do at all, by its best convolution and matrix product. */
export type Peak = { measure(): Promise<number>; close(): Promise<void> };

export async function openPeak(options: RuntimeOptions): Promise<Peak> {
  const noise = createNoise(1 << 16);
  const weight = (shape: readonly number[]) => {
    const count = shape.reduce((n, d) => n * d, 1);
    const std = Math.sqrt((shape[0] ?? 1) / count);
    return constant(Float32Array.from({ length: count }, (_, i) => std * (noise[i % noise.length] ?? 0)), shape);
  };
  const graphs: Graph[] = [
    trace("conv", { x: { shape: [1, 640, 32, 32] } }, ({ x }) => ({ y: conv(x, weight([640, 640, 3, 3]), undefined, { pads: 1 }) })),
    trace("matmul", { x: { shape: [1024, 640] } }, ({ x }) => ({ y: matmul(x, weight([640, 5120])) })),
  ];
  const workers = await Promise.all(graphs.map(async (graph) => ({
    flops: flopsOf(graph),
    // The plain profile: the direct convolution is what is meant here.
    worker: await startWorker({ name: graph.name, onnx: toOnnx(graph, { profile: PROFILES.plain, parameters: { kind: "fed" } }) }, feedsOf({ label: "", graph, symbols: {} }), options),
  })));
  return {
    async measure() {
      const rates: number[] = [];
      for (let round = 0; round < 3; round++) for (const { worker, flops } of workers) rates.push(flops / (await sample(worker, 10)).cpuMs / 1e6);
      return Math.max(...rates) * KERNEL_SHARE;
    },
    async close() {
      await Promise.all(workers.map(({ worker }) => worker.runtime.close()));
    },
  };
}
