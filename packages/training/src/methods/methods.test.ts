import { MINI, SD15, TINY } from "@deadiff/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeFixture } from "../../test/fixture.ts";
import { pairAt } from "../data/pairs.ts";
import { randomStream } from "../data/random.ts";
import { viewOf } from "../data/view.ts";
import { conditionBatch, tasksOf } from "./condition.ts";
import { methodConfig } from "./method.ts";
import { METHODS } from "./methods.ts";

let fixture: Awaited<ReturnType<typeof makeFixture>>;
beforeAll(async () => { fixture = await makeFixture(32); });
afterAll(() => fixture.remove());

const COUNT = 3000;
const batch = (tasks: Parameters<typeof pairAt>[3]) => Array.from({ length: COUNT }, (_, n) => pairAt(viewOf(fixture.dataset, "train"), 3, n, tasks));

describe("methods", () => {
  test("DEADiff's batch has the condition, text and dropout of its table", () => {
    const pairs = batch({});
    const asked = conditionBatch(METHODS.deadiff, pairs, randomStream(1));
    const expected = { stre: [1, 0], sere: [0, 1], reconstruction: [1, 1] };
    for (const task of ["stre", "sere", "reconstruction"] as const) {
      const rows = asked.map((row, i) => ({ row, pair: pairs[i]! })).filter(({ pair }) => pair.task === task);
      const dropped = rows.filter(({ row }) => row.style + row.content === 0);
      // Binomial over about 1,000: three standard deviations are 0.034.
      expect(Math.abs(dropped.length / rows.length - (task === "reconstruction" ? 0 : 0.15))).toBeLessThan(0.034);
      for (const { row, pair } of rows) {
        const { content, style } = pair.target.caption;
        expect(row.text).toBe({ stre: content, sere: style, reconstruction: "" }[task]);
        if (row.style + row.content > 0) expect([row.style, row.content]).toEqual(expected[task]);
      }
    }
  });

  test("adapters see their own picture's caption and tokens of one branch; text, tokens, or both are dropped 5 % each", () => {
    const pairs = batch({ tasks: tasksOf(METHODS["ip-adapter"]) });
    const asked = conditionBatch(METHODS["ip-adapter"], pairs, randomStream(1));
    const share = (of: (row: (typeof asked)[number]) => boolean): number => asked.filter(of).length / COUNT;
    // Binomial over 3,000: three standard deviations are 0.012.
    expect(Math.abs(share((row) => row.text === "" && row.style === 1) - 0.05)).toBeLessThan(0.012);
    expect(Math.abs(share((row) => row.text !== "" && row.style === 0) - 0.05)).toBeLessThan(0.012);
    expect(Math.abs(share((row) => row.text === "" && row.style === 0) - 0.05)).toBeLessThan(0.012);
    asked.forEach((row, i) => { if (row.text !== "") expect(row.text).toBe(pairs[i]!.target.caption.text); });
    expect(asked.every((row) => row.content === 0)).toBe(true);
  });

  test("a pair of a task that a method is not trained on is refused by name", () => {
    const pairs = batch({ tasks: ["stre"] });
    expect(() => conditionBatch(METHODS.reconstruction, pairs, randomStream(1))).toThrow(expect.objectContaining({ code: "method_task" }) as Error);
  });

  test("DEADiff is the preset's own network; the others differ in layer map and attention alone", () => {
    expect(methodConfig(MINI, METHODS.deadiff)).toEqual(MINI);
    expect(methodConfig(TINY, METHODS["no-layer-split"]).layerMap).toEqual(Array(7).fill("both"));
    const ip = methodConfig(MINI, METHODS["ip-adapter"]);
    expect(ip).toEqual({ ...MINI, attention: "added", layerMap: Array(16).fill("style") });
    expect(methodConfig(MINI, METHODS["content-4-8"])).toEqual({ ...MINI, layerMap: SD15.layerMap });
    expect(() => methodConfig(TINY, METHODS["content-4-8"])).toThrow(RangeError);
  });
});
