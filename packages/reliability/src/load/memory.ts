import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "undici";
import { ended, type Trial } from "../trial.ts";
import { childrenOf, inferenceOf, memoryOf } from "../world/system.ts";
import type { Measured } from "./clients.ts";
import { statusesOf, type Figure } from "./figures.ts";

/** Memory of a worker with the shipped model after some jobs. */
export const workerMemory = async (trial: Trial, jobs: number): Promise<Figure[]> => {
  const account = await trial.account();
  const worker = trial.world.workers[0]?.process.pid() ?? 0;
  const runsMs: number[] = [];
  for (let i = 0; i < jobs; i++) {
    const { id } = await account.create({ steps: 20 });
    const { started_at, finished_at, state, error } = await ended(account, id, 300_000);
    if (state !== "succeeded") throw new Error(`a job of the shipped model ended ${state} ${String(error?.code)}`);
    runsMs.push(Date.parse(finished_at ?? "") - Date.parse(started_at ?? ""));
  }
  const inference = await inferenceOf(worker);
  if (inference === undefined) throw new Error("the worker has no inference process");
  const [supervisor, child] = await Promise.all([memoryOf(worker), memoryOf(inference)]);
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
export const isolateMemory = async (trial: Trial, inspectorPort: number, load: () => Promise<Measured>): Promise<Figure[]> => {
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
  const { statuses, perSecond } = await load();
  over.abort();
  await watching;
  const after = total(await heapOf(inspectorPort));
  if (trial.world.edge.deaths.length > 0) throw new Error("the API died under the load");
  // A load that is refused at the door says nothing of the memory that creates take.
  const refused = Object.keys(statuses).filter((status) => status !== "202" && status !== "503");
  if (statuses[202] === undefined || refused.length > 0) throw new Error(`creates were answered ${JSON.stringify(statuses)}`);
  const processes = await Promise.all((await childrenOf(trial.world.edge.process.pid() ?? 0)).map(({ pid }) => memoryOf(pid)));
  return [
    {
      what: "Heap of the API's isolate in workerd (V8's, with buffers), where V8 may have no more than 128 MB",
      floor: "128 MB",
      measured: `${fresh.toFixed(0)} MB fresh, at most ${peak.toFixed(0)} MB under ${Math.round(perSecond)} creates a second (${statusesOf({ statuses })}), ${after.toFixed(0)} MB after them; the runtime's processes have RSS ${processes.map(({ nowMb }) => `${Math.round(nowMb)} MB`).join(" + ")}`,
    },
  ];
};
