import { readFile } from "node:fs/promises";
import type { MemoryReport } from "../session.ts";

/** The part of a memory report that the system knows. */
type ProcessMemory = Omit<MemoryReport, "keptBytes">;

/** Reads a process's memory from /proc; undefined where there is no /proc, or no such process. */
export async function processMemory(pid: number): Promise<ProcessMemory | undefined> {
  try {
    const [rollup, status] = await Promise.all([readFile(`/proc/${pid}/smaps_rollup`, "utf8"), readFile(`/proc/${pid}/status`, "utf8")]);
    const rssBytes = kilobytes(rollup, "Rss");
    return {
      rssBytes,
      // The kernel counts the peak in batches per thread: it may lag behind by some pages.
      peakRssBytes: Math.max(rssBytes, kilobytes(status, "VmHWM")),
      privateBytes: kilobytes(rollup, "Private_Clean") + kilobytes(rollup, "Private_Dirty"),
      anonymousBytes: kilobytes(rollup, "Anonymous"),
    };
  } catch {
    return undefined;
  }
}

/** What Node itself knows of this process, for systems without /proc: no finer than the resident set. */
export function ownMemory(): ProcessMemory {
  const rssBytes = process.memoryUsage.rss();
  return { rssBytes, peakRssBytes: process.resourceUsage().maxRSS * 1024, privateBytes: rssBytes, anonymousBytes: rssBytes };
}

function kilobytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0) * 1024;
}
