import { accountOfUser, ApiError, authenticate, countCall, SCOPES, type Caller, type RatePolicyName } from "@deadiff/schemas";
import type { Context } from "../context.ts";
import { requireLocal } from "./local.ts";
import { webAuth } from "./web-auth.ts";

/** Whoever a request comes from, with what `session.me` says of them. */
export interface Identity {
  readonly kind: "key" | "user" | "local";
  readonly caller: Caller;
  readonly user: { readonly id: string; readonly name: string; readonly email: string } | null;
}

/** Signed in on the web, one may do everything with one's own account. */
const everything = { keyId: null, mode: "live", scopes: [...SCOPES], ipAllow: [] } as const;

/** A page of another site must not act with the reader's cookie. Browsers send Origin with everything but reads. */
const requireOwnOrigin = (ctx: Context, origins: readonly string[]): void => {
  if (ctx.method === "GET" || ctx.method === "HEAD") return;
  const origin = ctx.headers.get("origin");
  if (origin === null || !origins.includes(origin)) throw new ApiError("forbidden", "A signed-in session may be used by the web app alone: programs use an API key.");
};

const byCookie = async (ctx: Context, policy: RatePolicyName): Promise<Identity | undefined> => {
  const { auth } = ctx.services;
  if (auth === null || !(ctx.headers.get("cookie") ?? "").includes("deadiff.session_token=")) return undefined;
  const session = await webAuth(ctx.db, auth).api.getSession({ headers: ctx.headers });
  if (session === null) return undefined;
  requireOwnOrigin(ctx, auth.origins);
  const { id, name, email } = session.user;
  const accountId = await accountOfUser(ctx.db, { id, name });
  return { kind: "user", caller: { accountId, ...everything, rate: await countCall(ctx.db, id, policy) }, user: { id, name, email } };
};

const byMachine = async (ctx: Context, policy: RatePolicyName): Promise<Identity | undefined> => {
  const { localAccount } = ctx.services;
  if (localAccount === null) return undefined;
  requireLocal(ctx.headers, ctx.url, ctx.ip);
  return { kind: "local", caller: { accountId: localAccount, ...everything, rate: await countCall(ctx.db, localAccount, policy) }, user: null };
};

/**
 * Who calls: by API key if one is sent, else by the web app's cookie, else (where the installation says so) whoever sits at this
 * machine. `undefined`: nobody. The call is counted against `policy`. Throws `unauthenticated` for a key that is not valid.
 */
export const identify = async (ctx: Context, policy: RatePolicyName): Promise<Identity | undefined> => {
  if (ctx.apiKey !== undefined) return { kind: "key", caller: await authenticate(ctx.db, ctx.apiKey, policy), user: null };
  return (await byCookie(ctx, policy)) ?? (await byMachine(ctx, policy));
};
