import { accountName, sessionSchema } from "@deadiff/schemas";
import { z } from "zod";
import { identify } from "../auth/caller.ts";
import { obeyRate, open, router } from "../trpc.ts";

export const sessionRouter = router({
  me: open
    .meta({ rest: { method: "GET", path: "/session", summary: "Who asks, and whether one can sign in here" } })
    .input(z.strictObject({}))
    .output(sessionSchema)
    .query(async ({ ctx }) => {
      const sign_in = ctx.services.auth !== null;
      const mail = ctx.services.auth?.mail ?? false;
      const identity = await identify(ctx, "read");
      if (identity === undefined) return { object: "session", kind: "none", signed_in: false, account: null, user: null, mode: "live", scopes: [], sign_in, mail };
      const { kind, caller, user } = identity;
      obeyRate(ctx, "read", caller.rate);
      const account = { id: caller.accountId, name: await accountName(ctx.db, caller.accountId) };
      return { object: "session", kind, signed_in: true, account, user, mode: caller.mode, scopes: [...caller.scopes], sign_in, mail };
    }),
});
