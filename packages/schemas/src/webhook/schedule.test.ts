import { expect, test } from "vitest";
import { nextAttemptInS, RETRY_SCHEDULE_S } from "./schedule.ts";

const failed = { timedOut: false, nowMs: 0, random: 0.5 };

test("a failing receiver is tried ten times over 75.6 hours, each wait spread by a fifth", () => {
  expect(RETRY_SCHEDULE_S.reduce<number>((sum, wait) => sum + wait, 0) / 3600).toBeCloseTo(75.58, 1);
  RETRY_SCHEDULE_S.forEach((base, i) => {
    expect(nextAttemptInS({ ...failed, attempt: i + 1, status: 500 })).toBeCloseTo(base);
    expect(nextAttemptInS({ ...failed, attempt: i + 1, status: 500, random: 0 })).toBeCloseTo(base * 0.8);
  });
  expect(nextAttemptInS({ ...failed, attempt: 10, status: 500 })).toBeNull();
});

test.each([
  ["120 s on a 429 is kept, spread upwards only", { status: 429, retryAfter: "120", random: 0 }, 120, 120],
  ["120 s on a 429, widest spread", { status: 429, retryAfter: "120", random: 0.999 }, 143, 144],
  ["ten years is cut to an hour", { status: 503, retryAfter: "315360000", random: 0 }, 3600, 3600],
  ["an HTTP date counts from now", { status: 503, retryAfter: "Thu, 01 Jan 1970 00:10:00 GMT", random: 0 }, 600, 600],
  ["a negative number is ignored", { status: 503, retryAfter: "-5" }, 4, 6],
  ["words are ignored", { status: 503, retryAfter: "soon" }, 4, 6],
  ["a 500 has no say", { status: 500, retryAfter: "120" }, 4, 6],
  ["a 429 without a header waits a minute", { status: 429 }, 60, 60],
  ["a timeout waits a minute", { timedOut: true }, 60, 60],
])("Retry-After: %s", (_, change, low, high) => {
  const wait = nextAttemptInS({ ...failed, attempt: 1, ...change })!;
  expect(wait).toBeGreaterThanOrEqual(low);
  expect(wait).toBeLessThanOrEqual(high);
});
