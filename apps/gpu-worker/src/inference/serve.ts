import { JobError, type ModelAbout } from "@deadiff/schemas/contracts";
import type { Generate, Timed } from "../generate.ts";
import type { FromChild, ToChild } from "./protocol.ts";

/**
 * The child's side: loads the model once, then answers requests until the supervisor hangs up. Runs in a process of
 * its own because inference blocks the event loop for seconds, and because only a process can be killed.
 */
export const serve = async (load: () => Promise<{ readonly generate: Generate; readonly model: string; readonly about?: ModelAbout; readonly slots?: number }>): Promise<void> => {
  const tell = (message: FromChild): void => {
    process.send?.(message);
  };
  // The supervisor is gone, whatever became of it: nobody would kill us.
  process.once("disconnect", () => process.exit(0));
  const started = performance.now();
  let loaded;
  try {
    loaded = await load();
  } catch (error) {
    tell({ kind: "load_failed", message: error instanceof Error ? error.message : String(error) });
    return;
  }
  const { generate, model, about = null, slots = 1 } = loaded;
  const running = new Map<number, AbortController>();
  process.on("message", (message: ToChild) => {
    switch (message.kind) {
      case "abort":
        running.get(message.id)?.abort();
        break;
      case "generate": {
        const { id, request, finishByMs } = message;
        const controller = new AbortController();
        running.set(id, controller);
        let timeline: readonly Timed[] = [];
        const ended = () => ({ id, timeline, rssBytes: process.memoryUsage.rss() });
        generate(request, { signal: controller.signal, finishByMs, onProgress: (progress) => tell({ kind: "progress", id, progress }), onTimeline: (parts) => (timeline = parts) })
          .then(
            (generated) => tell({ kind: "done", generated, ...ended() }),
            (error: unknown) => {
              const known = error instanceof JobError;
              const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
              tell({ kind: "failed", code: known ? error.code : "internal", message: known ? error.message : text, ...ended() });
            },
          )
          .finally(() => running.delete(id));
        break;
      }
    }
  });
  tell({ kind: "ready", model, about, slots, loadMs: Math.round(performance.now() - started) });
};
