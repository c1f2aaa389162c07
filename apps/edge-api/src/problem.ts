import { ApiError, sqlState, type Problem } from "@deadiff/schemas";
import { TRPCError, type TRPC_ERROR_CODE_KEY } from "@trpc/server";
import { ZodError } from "zod";

const TRPC_CODES: Readonly<Record<number, TRPC_ERROR_CODE_KEY>> = {
  400: "BAD_REQUEST",
  401: "UNAUTHORIZED",
  402: "PAYMENT_REQUIRED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  405: "METHOD_NOT_SUPPORTED",
  409: "CONFLICT",
  // tRPC knows no 410; the problem document does.
  410: "NOT_FOUND",
  413: "PAYLOAD_TOO_LARGE",
  415: "UNSUPPORTED_MEDIA_TYPE",
  422: "UNPROCESSABLE_CONTENT",
  429: "TOO_MANY_REQUESTS",
  503: "SERVICE_UNAVAILABLE",
};

// The database is away, full or shutting down: the caller may come back, and nothing was acknowledged.
const AWAY = new Set(["08000", "08001", "08003", "08004", "08006", "53300", "53400", "57P01", "57P02", "57P03", "55P03", "40001", "40P01", "57014"]);
const AWAY_CLIENT = new Set(["CONNECT_TIMEOUT", "CONNECTION_CLOSED", "CONNECTION_ENDED", "CONNECTION_DESTROYED", "ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT"]);

const isAway = (error: unknown): boolean => {
  const state = sqlState(error);
  if (state !== undefined) return AWAY.has(state.code);
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && typeof cause.code === "string" && AWAY_CLIENT.has(cause.code)) return true;
    // workerd reports a refused connection in words only.
    if (cause.message.includes("Connection refused") || cause.message.includes("Network connection lost") || cause.message.includes("cannot connect to the specified address")) return true;
  }
  return false;
};

type ZodIssue = ZodError["issues"][number];

/** An issue as deep as it can be told: of alternatives, the one that came closest. */
const deepest = (issue: ZodIssue): ZodIssue[] => {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
  const strangers = (issues: readonly ZodIssue[]) => issues.filter(({ code }) => code === "unrecognized_keys").length;
  const [closest = []] = [...issue.errors].sort((a, b) => strangers(a) - strangers(b) || a.length - b.length);
  return closest.flatMap((inner) => deepest({ ...inner, path: [...issue.path, ...inner.path] }));
};

/** The error a caller sees for anything that was thrown. What is not ours to tell becomes `internal`. */
export const toApiError = (error: unknown): ApiError => {
  if (error instanceof ApiError) return error;
  if (error instanceof ZodError) {
    const issues = error.issues.flatMap(deepest).slice(0, 20).map((issue) => ({ path: issue.path.map(String).join("."), message: issue.message.slice(0, 300) }));
    const first = issues[0];
    return new ApiError("invalid_input", first === undefined ? undefined : `${first.path === "" ? "the body" : first.path}: ${first.message}`, { cause: error, issues });
  }
  if (isAway(error)) return new ApiError("overloaded", "The database does not answer at the moment.", { cause: error, retryAfterS: 2 });
  if (error instanceof TRPCError) {
    if (error.cause !== undefined && error.code !== "PARSE_ERROR" && error.cause !== error) return toApiError(error.cause);
    switch (error.code) {
      case "PARSE_ERROR":
      case "BAD_REQUEST":
        return new ApiError("bad_request", "The body is not valid JSON.", { cause: error });
      case "NOT_FOUND":
        return new ApiError("not_found", "There is no such procedure.", { cause: error });
      case "METHOD_NOT_SUPPORTED":
        return new ApiError("method_not_allowed", undefined, { cause: error });
      case "PAYLOAD_TOO_LARGE":
        return new ApiError("too_large", undefined, { cause: error });
      case "UNSUPPORTED_MEDIA_TYPE":
        return new ApiError("unsupported_media", undefined, { cause: error });
      default:
        break;
    }
  }
  return new ApiError("internal", undefined, { cause: error });
};

/** The tRPC error that carries `error`. */
export const toTrpcError = (error: ApiError): TRPCError =>
  new TRPCError({ code: TRPC_CODES[error.toProblem("").status] ?? "INTERNAL_SERVER_ERROR", message: error.message, cause: error });

/** `problem` as an HTTP answer. */
export const problemResponse = (problem: Problem, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      ...headers,
      "content-type": "application/problem+json",
      ...(problem.retry_after_s === undefined ? {} : { "retry-after": String(problem.retry_after_s) }),
      ...(problem.status === 401 ? { "www-authenticate": "Bearer" } : {}),
    },
  });
