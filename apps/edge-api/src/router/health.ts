import { outboxDepth } from "@deadiff/schemas";
import { z } from "zod";
import { open, router } from "../trpc.ts";

export const healthRouter = router({
  get: open
    .meta({ rest: { method: "GET", path: "/health", summary: "Whether creates would be accepted now" } })
    .input(z.strictObject({}))
    .output(z.object({ status: z.literal("ok"), outbox: z.object({ waiting: z.int(), oldest_s: z.number() }) }))
    .query(async ({ ctx }) => {
      const depth = await outboxDepth(ctx.db);
      return { status: "ok", outbox: { waiting: depth.rows, oldest_s: Math.round(depth.oldestS * 10) / 10 } };
    }),
});
