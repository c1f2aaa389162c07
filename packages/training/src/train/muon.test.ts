import { gaussian, interpret, trace } from "@deadiff/core";
import { Matrix, SVD } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { MUON, orthogonalised, takesMuon } from "./muon.ts";

describe("Muon", () => {
  test.each([[[12, 40]], [[40, 12]], [[16, 4, 3, 3]]])("the step of a weight %j has singular values near one", (shape) => {
    const [rows = 1, ...rest] = shape;
    const columns = rest.reduce((n, d) => n * d, 1);
    const data = Float64Array.from(gaussian(3n, 0, rows * columns), (x, i) => x * (1 + 5 * (i % rows)));
    const graph = trace("orthogonalised", { x: { shape } }, ({ x }) => ({ y: orthogonalised(x, MUON.iterations) }));
    const y = interpret(graph, { x: { dims: shape, data } })["y"]?.data ?? [];
    const singular = new SVD(Matrix.from1DArray(rows, columns, Array.from(y, Number)), { autoTranspose: true }).diagonal;
    expect(singular.length).toBe(Math.min(rows, columns));
    expect(Math.max(...singular)).toBeLessThan(1.25);
    expect(Math.min(...singular)).toBeGreaterThan(0.6);
  });

  test("takes the maps between hidden states, not tables, norms or the layers at either end", () => {
    expect(takesMuon("unet.down.0.blocks.1.res.conv1.weight", [96, 96, 3, 3])).toBe(true);
    expect(takesMuon("context.3.imageK", [96, 160])).toBe(true);
    for (const [name, shape] of [
      ["unet.convIn.weight", [96, 64, 3, 3]], ["unet.convOut.weight", [64, 96, 3, 3]], ["text.tokens", [2048, 160]], ["text.positions", [24, 160]],
      ["image.style.qFormer.queries", [1, 8, 160]], ["unet.normOut.weight", [96]],
    ] as const) expect(takesMuon(name, shape), name).toBe(false);
  });
});
