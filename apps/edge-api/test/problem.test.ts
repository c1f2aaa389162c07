import { expect, test } from "vitest";
import { toApiError } from "../src/problem.ts";

const failing = (code: string, message = code): Error => new Error("Failed query", { cause: Object.assign(new Error(message), { code }) });

test.each(["EPIPE", "ECONNRESET", "ECONNREFUSED", "ETIMEDOUT", "CONNECT_TIMEOUT", "CONNECTION_CLOSED", "CONNECTION_ENDED", "CONNECTION_DESTROYED"])(
  "a database that hung up (%s) is told as 503 with Retry-After, as nothing was acknowledged",
  (code) => {
    expect(toApiError(failing(code))).toMatchObject({ code: "overloaded", retryAfterS: 2 });
  },
);

test("what the database itself says decides: shutting down is 503, a broken rule is ours", () => {
  const said = (code: string) => new Error("Failed query", { cause: Object.assign(new Error(code), { name: "PostgresError", severity: "ERROR", code }) });
  expect(toApiError(said("57P01"))).toMatchObject({ code: "overloaded" });
  expect(toApiError(said("23505"))).toMatchObject({ code: "internal" });
});
