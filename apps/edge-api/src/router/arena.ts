import { arenaPairSchema, arenaRankingSchema, arenaVerdictSchema, arenaVoteSchema, nextPair, rankArena, vote } from "@deadiff/schemas";
import { z } from "zod";
import { outputSigner } from "../sign.ts";
import { authed, router } from "../trpc.ts";

export const arenaRouter = router({
  next: authed("jobs:read", "read")
    .meta({ rest: { method: "GET", path: "/arena/next", summary: "Two pictures of one prompt, made in different ways, to judge blind" }, scope: "jobs:read" })
    .input(z.strictObject({}))
    .output(arenaPairSchema)
    .query(({ ctx }) => nextPair(ctx.db, ctx.caller.accountId, outputSigner(ctx.services.store))),

  vote: authed("jobs:write", "write")
    .meta({ rest: { method: "POST", path: "/arena/votes", summary: "Say which of two pictures is better", status: 201 }, scope: "jobs:write" })
    .input(arenaVoteSchema)
    .output(arenaVerdictSchema)
    .mutation(({ ctx, input }) => vote(ctx.db, ctx.caller.accountId, input)),

  ranking: authed("jobs:read", "read")
    .meta({ rest: { method: "GET", path: "/arena/ranking", summary: "Ways of making pictures, ranked by the account's votes, with intervals" }, scope: "jobs:read" })
    .input(z.strictObject({}))
    .output(arenaRankingSchema)
    .query(({ ctx }) => rankArena(ctx.db, ctx.caller.accountId)),
});
