import { ApiError, countCall } from "@deadiff/schemas";
import type { Context } from "../context.ts";
import { problemResponse, toApiError } from "../problem.ts";
import { obeyRate } from "../trpc.ts";
import { webAuth } from "./web-auth.ts";

const NEEDS_MAIL: ReadonlySet<string> = new Set(["/auth/request-password-reset", "/auth/send-verification-email"]);

/** `/auth/*`: signing up, in and out, by the sign-in library. Counted by address: passwords are not to be tried out. */
export const signIn = async (ctx: Context, request: Request): Promise<Response> => {
  const { auth } = ctx.services;
  try {
    if (auth === null) throw new ApiError("not_found", "One cannot sign in here.");
    if (!auth.mail && NEEDS_MAIL.has(new URL(request.url).pathname)) throw new ApiError("mail_unavailable", "This installation sends no mail: ask whoever runs it for a new password.");
    const policy = request.method === "GET" ? "public" : "sign_in";
    obeyRate(ctx, policy, await countCall(ctx.db, `ip:${ctx.ip ?? "unknown"}`, policy));
    const answer = await webAuth(ctx.db, auth).handler(request);
    const headers = new Headers(answer.headers);
    for (const [name, value] of Object.entries(ctx.reply.headers)) headers.set(name, value);
    return new Response(answer.body, { status: answer.status, headers });
  } catch (error) {
    return problemResponse(toApiError(error).toProblem(ctx.requestId), ctx.reply.headers);
  }
};
