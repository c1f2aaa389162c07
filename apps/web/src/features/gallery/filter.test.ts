import { expect, test } from "vitest";
import { EVERYTHING, filterHref, filterInput, readFilter } from "./filter";

const STYLE = "sty_01m887hxtgp8w57yph84ghjgkf";

test("a filter survives its way through the address", () => {
  const filter = { search: "a red fox", mode: "content", style: STYLE, only: "shared" } as const;
  const query = Object.fromEntries(new URL(filterHref(filter), "https://x.test").searchParams);
  expect(readFilter(query)).toEqual(filter);
  expect(filterHref(EVERYTHING)).toBe("/gallery");
});

test("what an address cannot mean is left out", () => {
  expect(readFilter({ mode: "everything", style: "job_1", only: "mine", search: ["a", "b"] })).toEqual(EVERYTHING);
  expect(filterInput(EVERYTHING)).toEqual({});
});
