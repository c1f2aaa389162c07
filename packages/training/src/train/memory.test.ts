import { ops, trace } from "@deadiff/core";
import { expect, test } from "vitest";
import { memoryNeed } from "./memory.ts";

test("the need of a graph is the one counted by hand", () => {
  // x: 16 bytes fed. a = exp(x) and b = exp(a), 16 each; a is free once b is there; c = b + b; its sum is returned.
  const graph = trace("by hand", { x: { shape: [4] } }, ({ x }) => {
    const b = ops.exp(ops.reshape(ops.exp(x), [2, 2]));
    return { total: ops.sum(ops.add(b, b)) };
  });
  expect(memoryNeed(graph)).toEqual({ inputs: 16, values: 32 });
});

test("what a later value needs stays", () => {
  const graph = trace("kept", { x: { shape: [4] } }, ({ x }) => {
    const a = ops.exp(x);
    return { total: ops.sum(ops.mul(ops.exp(ops.exp(a)), a)) };
  });
  expect(memoryNeed(graph)).toEqual({ inputs: 16, values: 48 });
});
