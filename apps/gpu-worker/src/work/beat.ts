import { LEASE, renewJob, type Beat, type Db, type Hold, type Order } from "@deadiff/schemas";
import type { Log } from "../log.ts";

/** Why work on a job stops before it is done. */
export type StopReason = Exclude<Order, "continue"> | "drain";

/** Carried by the abort signal of a job. */
export class Stop extends Error {
  override readonly name = "Stop";
  readonly reason: StopReason;
  constructor(reason: StopReason) {
    super(reason);
    this.reason = reason;
  }
}

/** A worker's hold on one job while it works. */
export interface Heart {
  /** Fires with a {@link Stop} when the work is to end. */
  readonly signal: AbortSignal;
  /** Notes how far the work is; told to the database at most once a second. */
  readonly note: (beat: Beat) => void;
  readonly stop: (reason: StopReason) => void;
  /** Ends the beating. */
  readonly end: () => void;
}

const NEWS_EVERY_MS = 1000;

/**
 * Beats every two seconds, more often when there is news. Stops the work when it is told to, and by itself when the database has
 * been silent for so long that another worker may own the job by now.
 */
export const startHeart = (db: Db, hold: Hold, log: Log, leaseSeconds: number = LEASE.seconds): Heart => {
  const controller = new AbortController();
  let beat: Beat = { phase: "starting" };
  let fresh = false;
  let busy = false;
  let lastTried = 0;
  let lastHeard = performance.now();
  const stop = (reason: StopReason): void => {
    if (!controller.signal.aborted) controller.abort(new Stop(reason));
  };
  const pulse = async (): Promise<void> => {
    busy = true;
    fresh = false;
    lastTried = performance.now();
    const sent = performance.now();
    try {
      const order = await renewJob(db, hold, beat, leaseSeconds);
      lastHeard = sent;
      if (order !== "continue") stop(order);
    } catch (error) {
      log("warn", "beat_failed", { job_id: hold.id, error });
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - lastHeard > (leaseSeconds - 1) * 1000) stop("lost");
    const due = fresh ? NEWS_EVERY_MS : LEASE.beatSeconds * 1000;
    if (!busy && now - lastTried >= due) void pulse();
  }, 100);
  return {
    signal: controller.signal,
    note: (news) => {
      // Steps come faster than beats: the newest preview must not be forgotten with the step that brought it.
      const preview = news.preview ?? beat.preview;
      beat = { ...news, ...(preview === undefined ? {} : { preview }) };
      fresh = true;
    },
    stop,
    end: () => clearInterval(timer),
  };
};
