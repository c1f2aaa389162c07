import { readFile } from "node:fs/promises";
import { startRuntime } from "../src/runtime/ort.ts";
import type { ChildRuntime, RuntimeOptions } from "../src/runtime/ort.ts";
import type { HostTensor, Session, SessionSource } from "../src/session.ts";

/** A process that has one graph open. */
export type Worker = { runtime: ChildRuntime; session: Session; feeds: Record<string, HostTensor> };

export type Sample = { cpuMs: number; wallMs: number; outputs: Record<string, HostTensor> };

/** Kernel ticks a second, in which processor time is told (USER_HZ, 100 on every Linux). */
const TICKS = 100;

export async function startWorker(source: SessionSource, feeds: Record<string, HostTensor>, options: RuntimeOptions): Promise<Worker> {
  const runtime = await startRuntime(options);
  return { runtime, session: await runtime.open(source), feeds };
}

/** Runs a graph `repeats` times; times are of one run. Where the system does not tell processor time, wall time stands for it. */
export async function sample({ runtime, session, feeds }: Worker, repeats: number): Promise<Sample> {
  const before = await cpuMs(runtime.pid);
  const started = performance.now();
  let outputs: Record<string, HostTensor> = {};
  for (let i = 0; i < repeats; i++) outputs = await session.run(feeds);
  const wallMs = (performance.now() - started) / repeats;
  const after = await cpuMs(runtime.pid);
  return { wallMs, cpuMs: before === undefined || after === undefined ? wallMs : (after - before) / repeats, outputs };
}

/** Processor time of a process so far, all threads. */
export async function cpuMs(pid: number | undefined): Promise<number | undefined> {
  try {
    const stat = await readFile(`/proc/${pid ?? 0}/stat`, "utf8");
    // After the name, which may hold spaces, the state is field 3; user and system time are 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
  } catch {
    return undefined;
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

/** The largest difference of two results' first outputs over the second's deviation from zero. */
export function difference(a: Sample, b: Sample): number {
  const [x, y] = [a, b].map(({ outputs }) => Object.values(outputs)[0]?.data) as [Float32Array, Float32Array];
  let [worst, squares] = [0, 0];
  for (let i = 0; i < y.length; i++) {
    worst = Math.max(worst, Math.abs((x[i] ?? NaN) - (y[i] ?? NaN)));
    squares += (y[i] ?? NaN) ** 2;
  }
  return worst / Math.sqrt(squares / y.length);
}
