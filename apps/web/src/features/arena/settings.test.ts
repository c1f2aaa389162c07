import { expect, test } from "vitest";
import { differing, settingLabel } from "./settings";

const fast = { model: "mini@1", steps: 8, strength: 1, modes: ["style"] };
const slow = { model: "mini@1", steps: 20, strength: 1, modes: ["style"], gains: "fine" };

test("settings are told apart by what differs alone, in reading order", () => {
  const keys = differing([fast, slow]);
  expect(keys).toEqual(["steps", "gains"]);
  expect(settingLabel(fast, keys)).toBe("steps 8 · gains none");
  expect(settingLabel(slow, keys)).toBe("steps 20 · gains fine");
});

test("a single setting goes by its model", () => {
  expect(settingLabel(fast, differing([fast]))).toBe("mini@1");
});

test("a setting without references says so, once", () => {
  const bare = { strength: 0.5 };
  const led = { strength: 0.5, modes: ["style"], weights: [1] };
  const keys = differing([bare, led]);
  expect(settingLabel(bare, keys)).toBe("no references");
  expect(settingLabel(led, keys)).toBe("references for style · weights 1");
});
