/** A host for host.test.ts: starts a runtime, begins a run of many seconds, and waits to be killed. */
import { startRuntime } from "./host.ts";
import { busyModel, ramp } from "./test-models.ts";

const runtime = await startRuntime({ threads: 1, provider: "cpu" });
const session = await runtime.open({ name: "busy", onnx: busyModel(1024, 2000) });
process.stdout.write(`${runtime.pid ?? 0}\n`);
await session.run({ x: ramp([1024, 1024]), w: ramp([1024, 1024]) });
