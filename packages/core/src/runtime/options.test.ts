import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { startRuntime } from "./host.ts";
import { inlineRuntime } from "./inline.ts";
import { busyModel, doubling, ramp } from "./test-models.ts";

// Processes are started here, on a machine that may be busy.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

// ONNX Runtime takes misspelt configuration keys in silence, so each is tested by what it does.

test("denormal numbers count as 0, unless they are asked for", async () => {
  // In children: the first session of a process sets the mode for all of it.
  for (const [options, expected] of [[{}, 0], [{ flushDenormals: false }, Math.fround(2e-40)]] as const) {
    const runtime = await startRuntime({ threads: 1, provider: "cpu", ...options });
    const session = await runtime.open({ name: "doubling", onnx: doubling("float32", [1]) });
    const { y } = await session.run({ x: { dtype: "float32", dims: [1], data: Float32Array.of(1e-40) } });
    expect(Math.abs(Number(y!.data[0]) - expected)).toBeLessThan(1e-44);
    await runtime.close();
  }
});

test("threads sleep between runs instead of spinning", async () => {
  const runtime = await inlineRuntime({ threads: 2, provider: "cpu" });
  const session = await runtime.open({ name: "busy", onnx: busyModel(128, 2) });
  const feeds = { x: ramp([128, 128]), w: ramp([128, 128]) };
  await session.run(feeds);
  const before = process.cpuUsage();
  for (let i = 0; i < 30; i++) {
    await session.run(feeds);
    await sleep(10);
  }
  const { user, system } = process.cpuUsage(before);
  // Measured: 20 ms of processor time asleep, 340 ms spinning.
  expect((user + system) / 1000).toBeLessThan(150);
  await runtime.close();
});
