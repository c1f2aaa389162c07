import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "undici";
import { until, type Trial } from "../trial.ts";
import type { Figure } from "./figures.ts";

const statusOf = async (pid: number): Promise<{ nowMb: number; peakMb: number }> => {
  const text = await readFile(`/proc/${pid}/status`, "utf8");
  const mb = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1]) / 1024;
  return { nowMb: mb("VmRSS"), peakMb: mb("VmHWM") };
};

/** The processes that `pid` started, with their command lines. */
const childrenOf = async (pid: number): Promise<{ pid: number; command: string }[]> => {
  const all = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    all.map(async (name) => {
      const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
      if (stat.slice(stat.lastIndexOf(")")).split(" ")[2] !== String(pid)) return [];
      return [{ pid: Number(name), command: await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "") }];
    }),
  );
  return found.flat();
};

/** Memory of a worker with the shipped model after some jobs. */
export const workerMemory = async (trial: Trial, jobs: number): Promise<Figure[]> => {
  const account = await trial.account();
  const worker = trial.world.workers[0]?.process.pid() ?? 0;
  const runsMs: number[] = [];
  for (let i = 0; i < jobs; i++) {
    const { id } = await account.create({ steps: 20 });
    await until("ended", async () => (await account.job(id)).is_terminal, 300_000, 250);
    const { started_at, finished_at, state, error } = await account.job(id);
    if (state !== "succeeded") throw new Error(`a job of the shipped model ended ${state} ${String(error?.code)}`);
    runsMs.push(Date.parse(finished_at ?? "") - Date.parse(started_at ?? ""));
  }
  const supervisor = await statusOf(worker);
  const children = await childrenOf(worker);
  const inference = children.find(({ command }) => command.includes("inference"));
  if (inference === undefined) throw new Error("the worker has no inference process");
  const child = await statusOf(inference.pid);
  return [
    { what: `Memory of the worker's supervisor after ${jobs} jobs`, floor: "150 MB", measured: `RSS ${Math.round(supervisor.nowMb)} MB, peak ${Math.round(supervisor.peakMb)} MB` },
    { what: `Memory of its inference process with the shipped model`, floor: "700 MB", measured: `RSS ${Math.round(child.nowMb)} MB, peak ${Math.round(child.peakMb)} MB; jobs of 20 steps took ${runsMs.map((ms) => (ms / 1000).toFixed(1)).join(", ")} s` },
  ];
};

interface Heap {
  readonly usedSize: number;
  readonly totalSize: number;
  readonly embedderHeapUsedSize?: number;
  readonly backingStorageSize?: number;
}

/** Asks workerd's isolate how large its heap is. The inspector answers pages of this machine alone. */
const heapOf = async (inspectorPort: number): Promise<Heap> => {
  const targets = (await (await fetch(`http://127.0.0.1:${inspectorPort}/json`)).json()) as { webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? "", { headers: { origin: "http://localhost" } });
  const answer = Promise.withResolvers<Heap>();
  const timer = setTimeout(() => answer.reject(new Error("the isolate did not tell its heap")), 15_000);
  socket.addEventListener("error", () => answer.reject(new Error("no connection to the isolate's inspector")));
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(String(data)) as { id?: number; result?: Heap };
    if (message.id === 7 && message.result !== undefined) answer.resolve(message.result);
  });
  socket.addEventListener("open", () => socket.send(JSON.stringify({ id: 7, method: "Runtime.getHeapUsage", params: {} })));
  try {
    return await answer.promise;
  } finally {
    clearTimeout(timer);
    socket.close();
  }
};

/** Memory of the API's isolate in workerd: fresh, under load, after it. */
export const isolateMemory = async (trial: Trial, inspectorPort: number, load: () => Promise<void>): Promise<Figure[]> => {
  const total = ({ usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 }: Heap): number => (usedSize + embedderHeapUsedSize + backingStorageSize) / 1024 / 1024;
  const fresh = total(await heapOf(inspectorPort));
  let peak = fresh;
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) {
      peak = Math.max(peak, await heapOf(inspectorPort).then(total, () => 0));
      await sleep(200);
    }
  })();
  await load();
  over.abort();
  await watching;
  const after = total(await heapOf(inspectorPort));
  if (trial.world.edge.deaths.length > 0) throw new Error("the API died under the load");
  const processes = await Promise.all((await childrenOf(trial.world.edge.process.pid() ?? 0)).map(({ pid }) => statusOf(pid)));
  return [
    {
      what: "Heap of the API's isolate in workerd (V8's, with buffers), where V8 may have no more than 128 MB",
      floor: "128 MB",
      measured: `${fresh.toFixed(0)} MB fresh, at most ${peak.toFixed(0)} MB under load, ${after.toFixed(0)} MB after it; the runtime's processes have RSS ${processes.map(({ nowMb }) => `${Math.round(nowMb)} MB`).join(" + ")}`,
    },
  ];
};
