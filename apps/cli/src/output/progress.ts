import { Presets, SingleBar } from "cli-progress";
import type { CommandContext } from "../context.ts";

/** A bar that may be drawn. */
export type Progress = { show: (what: string, value: number, total: number) => void; stop: () => void };

/** Seconds as people read them. Before the first step there is no estimate: what stands for it then is no number. */
function formatTime(seconds: number): string {
  if (!Number.isFinite(seconds)) return "...";
  return seconds < 60 ? `${Math.round(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** A bar on the terminal, or one that shows nothing where nobody watches. */
export function progressBar({ bars }: CommandContext): Progress {
  if (bars === null) return { show: () => undefined, stop: () => undefined };
  const bar = new SingleBar({ format: "{what} {bar} {percentage}% | {eta_formatted} left", stream: bars, formatTime, clearOnComplete: true, hideCursor: true, etaBuffer: 20 }, Presets.shades_classic);
  let started = false;
  return {
    show(what, value, total) {
      if (!started) bar.start(total, value, { what });
      else {
        bar.setTotal(total);
        bar.update(value, { what });
      }
      started = true;
    },
    stop() {
      if (started) bar.stop();
      started = false;
    },
  };
}
