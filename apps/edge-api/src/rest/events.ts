import { isTrackedEnvelope } from "@trpc/server";
import type { followJob } from "../router/follow.ts";

const HEARTBEAT_MS = 15_000;

type News = ReturnType<typeof followJob>;

const frame = (news: Awaited<ReturnType<News["next"]>>["value"]): string => {
  if (news === undefined) return "";
  if (isTrackedEnvelope(news)) {
    const [id, data] = news;
    return `id: ${id}\nevent: job\ndata: ${JSON.stringify(data.kind === "job" ? data.job : data)}\n\n`;
  }
  return `event: ${news.kind}\ndata: ${JSON.stringify(news)}\n\n`;
};

/** A job's news as server-sent events, with a comment every 15 s so that proxies keep the line open. `hangUp` is called when the reader leaves. */
export const eventStream = (news: News, hangUp: () => void, headers: Record<string, string>): Response => {
  const encoder = new TextEncoder();
  let heartbeat: ReturnType<typeof setInterval> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(encoder.encode("retry: 1000\n\n"));
      heartbeat = setInterval(() => controller.enqueue(encoder.encode(": alive\n\n")), HEARTBEAT_MS);
    },
    pull: async (controller) => {
      try {
        const next = await news.next();
        if (next.done !== true) {
          controller.enqueue(encoder.encode(frame(next.value)));
          return;
        }
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      clearInterval(heartbeat);
    },
    cancel: async () => {
      clearInterval(heartbeat);
      hangUp();
      await news.return(undefined);
    },
  });
  return new Response(body, { headers: { ...headers, "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" } });
};
