import type { Job, Matrix } from "@deadiff/schemas/contracts";
import { expect, test } from "vitest";
import { axesOf, cellIndex } from "./axes";
import { matrixCsv } from "./export-csv";

const axes = { references: 2, prompts: 2, strengths: 2 };
const prompts = ['a "fox", red', "=SUM(A1)"];

const cell = (place: number, r: number, p: number, s: number): Job =>
  ({
    id: `job_${place}`,
    state: "succeeded",
    seed: 7,
    model: "mini@1",
    outputs: [{ width: 64, height: 64, sha256: "ab" }],
    metrics: { queue_ms: 5, run_ms: 12 },
    error: null,
    input: { prompt: prompts[p], strength: [0.5, 1][s], references: r === 0 ? [] : [{ image: "img_1", weight: 1, mode: "style", fit: "crop" }] },
    matrix: { id: "mtx_1", cell: place },
  }) as unknown as Job;

const cells = [0, 1].flatMap((r) => [0, 1].flatMap((p) => [0, 1].map((s) => cell(cellIndex(axes, r, p, s), r, p, s))));
const matrix = { id: "mtx_1", object: "matrix", axes, is_terminal: true, counts: {}, cells, created_at: "2026-01-01T00:00:00Z" } as unknown as Matrix;

test("the axes are read off the cells, also when some cells were deleted", () => {
  const some = { ...matrix, cells: [cells[2], cells[5]] } as Matrix;
  const found = axesOf(some);
  expect(found.prompts).toEqual(prompts);
  expect(found.strengths).toEqual([0.5, 1]);
  expect(found.references.map((set) => set.length)).toEqual([0, 1]);
});

test("every cell is a line of CSV; quotes and commas survive, and no field runs as a formula", () => {
  const lines = matrixCsv(matrix).trimEnd().split("\r\n");
  expect(lines).toHaveLength(9);
  expect(lines[1]).toBe('0,,"a ""fox"", red",0.5,7,succeeded,job_0,mini@1,64,64,ab,5,12,');
  expect(lines[3]).toContain(",'=SUM(A1),0.5,");
  expect(lines[8]).toContain("img_1 style x1,");
});

test("a deleted cell keeps its line and says so", () => {
  const lines = matrixCsv({ ...matrix, cells: cells.slice(1) }).split("\r\n");
  expect(lines[1]).toBe('0,,"a ""fox"", red",0.5,,deleted,,,,,,,,');
});
