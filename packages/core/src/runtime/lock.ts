import { open, rm, stat, utimes } from "node:fs/promises";
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
    await (await open(file, "wx")).close();
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

async function stale(file: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(file)).mtimeMs > STALE_MS;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
