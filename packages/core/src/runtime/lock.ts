import { readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const BEAT_MS = 1_000;
/** A holder that has not beaten for this long is taken for dead: it was killed, or its machine was. */
const STALE_MS = 10_000;
const POLL_MS = 50;

/**
 * Runs `work` while holding a lock file, so that processes (or containers) on one folder do not do it twice at a time.
 * It saves work; it does not guard correctness: a holder that is stopped for ten seconds loses it.
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  while (!(await taken(file))) {
    if (await stale(file)) await rm(file, { force: true });
    else await sleep(POLL_MS);
  }
  const beat = setInterval(() => {
    const now = new Date();
    // The file may be gone if this process was stopped and taken for dead: the work then goes on unlocked.
    utimes(file, now, now).catch(() => undefined);
  }, BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    await rm(file, { force: true });
  }
}

async function taken(file: string): Promise<boolean> {
  try {
    await writeFile(file, holder(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

async function stale(file: string): Promise<boolean> {
  try {
    if (Date.now() - (await stat(file)).mtimeMs > STALE_MS) return true;
    const text = await readFile(file, "utf8");
    const pid = Number(text.split(" ")[0]);
    // A process of this machine can be asked for at once; a worker that was killed and started again need not wait.
    return text === holder(pid) && !isAlive(pid);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

function holder(pid: number): string {
  return `${pid} ${hostname()}`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
