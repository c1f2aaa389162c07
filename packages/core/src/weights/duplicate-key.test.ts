import { expect, test } from "vitest";
import { findDuplicateKey } from "./duplicate-key.ts";

test.each([
  [`{}`, undefined],
  [`{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}`, undefined],
  [`{"a":"a","b":"b"}`, undefined],
  [`{"a:":1,"a":2,"\\"a":3,"a\\\\":4}`, undefined],
  [`{"x":[{"a":1, "a" :2}]}`, "a"],
  [`{"a":{"b":1},"c":2,"a":3}`, "a"],
  [`{"é":1,"\\u00e9":2}`, "é"],
  [`{"":1,"":2}`, ""],
])("the first key that an object of %s holds twice is %s", (json, key) => {
  JSON.parse(json);
  expect(findDuplicateKey(json)).toBe(key);
});
