import { glimpseJobs, type Connection, type Db, type Glimpse, type Id } from "@deadiff/schemas";

/** Yields a job's {@link Glimpse} now and whenever it changed, until `signal` fires or the job is gone. */
export type WatchChanges = (id: Id<"job">, signal: AbortSignal) => AsyncIterable<Glimpse>;

const same = (a: Glimpse | undefined, b: Glimpse): boolean =>
  a !== undefined && a.version === b.version && a.step === b.step && a.phase === b.phase && a.preview === b.preview;

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });

/** Each watcher asks the database itself: for runtimes whose requests cannot share connections or timers. Quick at first, then every second. */
export const watchAlone = (connect: () => Connection): WatchChanges =>
  async function* (id, signal) {
    const connection = connect();
    try {
      let last: Glimpse | undefined;
      for (let waitMs = 200; !signal.aborted; waitMs = Math.min(1000, waitMs * 1.2)) {
        const now = (await glimpseJobs(connection.db, [id])).get(id);
        if (now === undefined) return;
        if (!same(last, now)) yield now;
        last = now;
        await pause(waitMs, signal);
      }
    } finally {
      await connection.close();
    }
  };

/** All watchers of a process share one query every `everyMs`, however many they are. */
export const watchTogether = (db: Db, everyMs = 250): WatchChanges => {
  const waiting = new Map<Id<"job">, Set<(glimpse: Glimpse | undefined) => void>>();
  let running = false;
  const look = async (): Promise<void> => {
    running = true;
    while (waiting.size > 0) {
      const asked = [...waiting.keys()];
      // A database that does not answer for a moment is no reason to end the streams.
      const seen = await glimpseJobs(db, asked).catch(() => undefined);
      if (seen !== undefined) for (const id of asked) waiting.get(id)?.forEach((tell) => tell(seen.get(id)));
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
    running = false;
  };
  return async function* (id, signal) {
    let last: Glimpse | undefined;
    let wake: (() => void) | undefined;
    let latest: { readonly glimpse: Glimpse | undefined } | undefined;
    const tell = (glimpse: Glimpse | undefined) => {
      latest = { glimpse };
      wake?.();
    };
    const others = waiting.get(id) ?? new Set();
    waiting.set(id, others.add(tell));
    const stop = () => wake?.();
    signal.addEventListener("abort", stop);
    if (!running) void look();
    try {
      while (!signal.aborted) {
        if (latest === undefined) await new Promise<void>((resolve) => (wake = resolve));
        const heard = latest;
        latest = undefined;
        if (heard === undefined) continue;
        if (heard.glimpse === undefined) return;
        if (!same(last, heard.glimpse)) yield heard.glimpse;
        last = heard.glimpse;
      }
    } finally {
      signal.removeEventListener("abort", stop);
      others.delete(tell);
      if (others.size === 0) waiting.delete(id);
    }
  };
};
