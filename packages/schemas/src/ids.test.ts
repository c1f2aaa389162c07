import { expect, test } from "vitest";
import { API_KEY_PATTERN, newApiKey, parseApiKey } from "./api-key.ts";
import { idSchema, newId } from "./ids.ts";
import { plainText } from "./text.ts";

test("ids sort by the time they were made and belong to one kind", () => {
  const [early, late] = [newId("job", 1_000), newId("job", 2_000)];
  expect(early < late).toBe(true);
  expect(idSchema("job").safeParse(early).success).toBe(true);
  expect(idSchema("upload").safeParse(early).success).toBe(false);
  for (const bad of ["job_", "job_short", `${early}0`, "job_ILOU5678901234567890123456", `x${early}`, "../etc"]) expect(idSchema("job").safeParse(bad).success).toBe(false);
});

test("an API key tells its mode, and one wrong character makes it no key at all", () => {
  for (const mode of ["live", "test"] as const) {
    const key = newApiKey(mode);
    expect(parseApiKey(key)).toBe(mode);
    expect(`log line with ${key} in it`.match(API_KEY_PATTERN)).toEqual([key]);
    for (let i = 8; i < key.length; i++) {
      const other = key.slice(0, i) + (key[i] === "a" ? "b" : "a") + key.slice(i + 1);
      expect(parseApiKey(other)).toBeUndefined();
    }
  }
});

test("text that Postgres or a log could not take is refused, every script is welcome", () => {
  const text = plainText(16);
  for (const good of ["", "a dog\n\t", "犬のスタ", "🐕‍🦺", "שלום"]) expect(text.safeParse(good).success).toBe(true);
  for (const bad of ["nul\u0000", "\ud800", "bell\u0007", "x".repeat(17), "犬".repeat(6)]) expect(text.safeParse(bad).success).toBe(false);
});
