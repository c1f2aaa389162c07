import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { inlineRuntime } from "@deadiff/core/ort";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadCheckpoint } from "./checkpoint.ts";
import { startState } from "./initialise.ts";
import { learningRate } from "./optimizer.ts";
import { meanState } from "./replicas.ts";
import { batchOf, objective, runOf } from "./replicas.script.ts";
import { createTrainer } from "./trainer.ts";
import type { TrainingState } from "./trainer.ts";

const SCRIPT = fileURLToPath(new URL("replicas.script.ts", import.meta.url));

let folder: string;
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), "deadiff-replicas-")); });
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The state that a command of two replicas leaves, or of another number. */
async function trained(name: string, steps: number, replicas = 2): Promise<TrainingState | null> {
  await promisify(execFile)(process.execPath, [SCRIPT, join(folder, name), String(steps), String(replicas)]);
  return loadCheckpoint(join(folder, name, "checkpoint.safetensors"), runOf(folder, steps, 2).identity);
}

describe("replicas", { timeout: 180_000 }, () => {
  test("are averaged after 32 updates on batches of their own", async () => {
    const runtime = await inlineRuntime({ threads: 1 });
    const { config, seed } = runOf(folder, 32, 2);
    const alone = async (first: number): Promise<TrainingState> => {
      const trainer = await createTrainer(runtime, objective, startState(objective, seed), config);
      while (trainer.step < 32) await trainer.update([batchOf(objective, first + trainer.step)], learningRate(trainer.step, { ...config.lr, steps: 32 }));
      const state = await trainer.state();
      await trainer.close();
      return state;
    };
    const states = [await alone(0), await alone(2 ** 20)];
    await runtime.close();
    expect(states[0]?.weights).not.toEqual(states[1]?.weights);
    expect(await trained("once", 32)).toEqual(meanState(states));
  });

  test("64 updates equal 32 and 32 from a checkpoint, to the bit", async () => {
    const whole = await trained("whole", 64);
    await trained("halves", 32);
    expect(await trained("halves", 64)).toEqual(whole);
  });

  test("samples are counted as they were seen, by one replica and then by two", async () => {
    await trained("more", 50, 1);
    await trained("more", 100);
    const lines = (await readFile(join(folder, "more", "metrics.jsonl"), "utf8")).trim().split("\n").map((line) => JSON.parse(line) as { step: number; samples: number });
    expect(lines.map(({ step, samples }) => [step, samples])).toEqual([[50, 100], [100, 300]]);
  });

  test("a run whose replica is killed ends with replica_failed", async () => {
    const run = execFile(process.execPath, [SCRIPT, join(folder, "killed"), "1000000", "2"]);
    let [output, killed] = ["", false];
    run.stderr?.on("data", (text: string) => { output += text; });
    run.stdout?.on("data", (text: string) => {
      if (killed || !text.includes("step 50/")) return;
      killed = true;
      execFile("pkill", ["-KILL", "-P", String(run.pid)]);
    });
    const code = await new Promise((resolve) => run.once("exit", resolve));
    expect(killed).toBe(true);
    expect(output).toContain("replica_failed");
    expect(code).not.toBe(0);
  });
});
