import { readdir, readFile } from "node:fs/promises";

/** Memory of a process in megabytes: now, and the most it ever had. NaN where there is no such process. */
export const memoryOf = async (pid: number | undefined): Promise<{ readonly nowMb: number; readonly peakMb: number }> => {
  const text = await readFile(`/proc/${String(pid)}/status`, "utf8").catch(() => "");
  const mb = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1]) / 1024;
  return { nowMb: mb("VmRSS"), peakMb: mb("VmHWM") };
};

/** The memory of the one of some processes that grew most while it was watched. */
export interface Growth {
  readonly beforeMb: number;
  readonly peakMb: number;
}

/** Watches processes' memory until `stop` is called. Throws there when one of them could not be read. */
export const watchMemory = async (pids: readonly (number | undefined)[], everyMs = 50): Promise<{ readonly stop: () => Growth }> => {
  const read = async (): Promise<number[]> => (await Promise.all(pids.map(memoryOf))).map(({ nowMb }) => nowMb);
  const before = await read();
  let peaks = before;
  const timer = setInterval(() => void read().then((now) => (peaks = peaks.map((peak, i) => Math.max(peak, now[i] ?? Number.NaN)))), everyMs);
  return {
    stop: () => {
      clearInterval(timer);
      const [most] = before.map((beforeMb, i) => ({ beforeMb, peakMb: peaks[i] ?? Number.NaN })).sort((a, b) => b.peakMb - b.beforeMb - (a.peakMb - a.beforeMb));
      if (most === undefined || peaks.some(Number.isNaN)) throw new Error("the memory of a process could not be read");
      return most;
    },
  };
};

/** How many files and sockets a process has open. */
export const descriptorsOf = async (pid: number): Promise<number> => (await readdir(`/proc/${pid}/fd`)).length;

/** The processes that `pid` started, with their command lines. */
export const childrenOf = async (pid: number): Promise<{ readonly pid: number; readonly command: string }[]> => {
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

/** The inference process of a worker, while it has one. */
export const inferenceOf = async (worker: number): Promise<number | undefined> => (await childrenOf(worker)).find(({ command }) => command.includes("inference/main"))?.pid;
