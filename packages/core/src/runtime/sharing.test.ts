import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { SessionSource } from "../session.ts";
import { startRuntime } from "./host.ts";
import { externalNet, ramp } from "./test-models.ts";

// Processes are started here, on a machine that may be busy.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

// 94 MB of weights as float32, stored as float16 in a file at offsets of 8 bytes.
const NET = { channels: 256, layers: 40, size: 8 };

let folder: string;
let source: SessionSource;
let weightBytes: number;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "deadiff-sharing-"));
  const net = externalNet(NET);
  await writeFile(path.join(folder, "weights.safetensors"), net.weights);
  source = { name: "net", onnx: net.onnx, weightsFolder: folder, weightsHash: "sha256 of the weights" };
  weightBytes = net.weightBytes;
});
afterAll(() => rm(folder, { recursive: true }));

/** Opens and runs the source in a child of its own, and says what the weights cost it. */
async function worker(cacheFolder?: string) {
  const runtime = await startRuntime({ threads: 1, provider: "cpu", ...(cacheFolder !== undefined && { cacheFolder }) });
  const before = await runtime.memory();
  const session = await runtime.open(source);
  const x = ramp([1, NET.channels, NET.size, NET.size]);
  const outputs = await session.run({ x });
  const anonymous = async () => ((await runtime.memory()).anonymousBytes - before.anonymousBytes) / weightBytes;
  const own = async () => ((await runtime.memory()).privateBytes - before.privateBytes) / weightBytes;
  return { runtime, loaded: session.loaded, outputs, anonymous, own };
}

test("a graph from the cache opens sooner, gives the same bits, and its workers share one copy of the weights", async () => {
  const plain = await worker();
  const cacheFolder = path.join(folder, "cache");
  const baked = await worker(cacheFolder);
  const first = await worker(cacheFolder);
  const second = await worker(cacheFolder);
  expect([plain, baked, first, second].map(({ loaded }) => loaded.from)).toEqual(["source", "baked", "cache", "cache"]);
  for (const { outputs } of [baked, first, second]) expect(outputs).toEqual(plain.outputs);

  const ratios = {
    // The quicker of two, because one open by the clock tells more of a busy machine than of the cache.
    open: Math.min(first.loaded.ms, second.loaded.ms) / plain.loaded.ms,
    anonymousFromSource: await plain.anonymous(),
    anonymousFromCache: await second.anonymous(),
    privateOfSecondWorker: await second.own(),
  };
  console.log(Object.entries(ratios).map(([name, ratio]) => `${name} ${ratio.toFixed(2)}`).join(", "));
  // The goals are 0.35 and 0.10 (bench/runtime.ts); small graphs on a busy machine carry a constant part.
  expect(ratios.open).toBeLessThan(0.8);
  expect(ratios.anonymousFromSource).toBeGreaterThan(0.9);
  expect(ratios.anonymousFromCache).toBeLessThan(0.3);
  expect(ratios.privateOfSecondWorker).toBeLessThan(0.3);
  for (const { runtime } of [plain, baked, first, second]) await runtime.close();
});
