import { gaussian, interpret, trace } from "@deadiff/core";
import { describe, expect, test } from "vitest";
import { MUON, orthogonalised, takesMuon } from "./muon.ts";

describe("Muon", () => {
  test.each([[[12, 40]], [[40, 12]], [[16, 4, 3, 3]]])("the step of a weight %j has singular values near one", (shape) => {
    const [rows = 1, ...rest] = shape;
    const columns = rest.reduce((n, d) => n * d, 1);
    const data = Float64Array.from(gaussian(3n, 0, rows * columns), (x, i) => x * (1 + 5 * (i % rows)));
    const graph = trace("orthogonalised", { x: { shape } }, ({ x }) => ({ y: orthogonalised(x, MUON.iterations) }));
    const y = interpret(graph, { x: { dims: shape, data } })["y"]?.data ?? [];
    const at = (i: number, j: number): number => Number(y[i * columns + j]);
    // The squares of the singular values are the eigenvalues of the Gram matrix of the shorter side; Gershgorin would be too loose, so: powers.
    const side = Math.min(rows, columns);
    const gram = Array.from({ length: side }, (_, i) => Array.from({ length: side }, (_, j) => {
      let sum = 0;
      for (let k = 0; k < Math.max(rows, columns); k++) sum += rows > columns ? at(k, i) * at(k, j) : at(i, k) * at(j, k);
      return sum;
    }));
    expect(Math.sqrt(largestEigenvalue(gram))).toBeLessThan(1.25);
    const flipped = gram.map((row, i) => row.map((value, j) => (i === j ? 2 : 0) - value));
    expect(Math.sqrt(2 - largestEigenvalue(flipped))).toBeGreaterThan(0.6);
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

function largestEigenvalue(matrix: readonly (readonly number[])[]): number {
  let vector = matrix.map((_, i) => 1 + i / matrix.length);
  let value = 0;
  for (let k = 0; k < 500; k++) {
    const next = matrix.map((row) => row.reduce((sum, x, i) => sum + x * (vector[i] ?? 0), 0));
    value = Math.hypot(...next);
    vector = next.map((x) => x / value);
  }
  return value;
}
