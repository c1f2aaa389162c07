import { addDims, at, evaluateDim, floorDivDim, mulDims } from "../dim.ts";
import type { Dim, Shape } from "../dim.ts";
import type { ConvGeometry } from "../tensor.ts";
import type { Emitter } from "./emitter.ts";

/**
 * Which convolutions are written as Winograd's minimal filtering. Transformed weights are four times as large, and a
 * layer's gain per byte grows with its number of positions, so that is what a layer is chosen by.
 */
export type WinogradChoice = {
  /** Output height x width from which it is used, at the sizes the graph is mostly run at. */
  minPositions: number;
  /** Channels, in and out, from which the transforms are paid for. */
  minChannels: number;
};

type Matrix = readonly (readonly number[])[];

/** F(4, 3) at the points 0, 1, -1, 2, -2 and infinity (Lavin & Gray 2015, arXiv:1509.09308, 4.3): Y = A^T [(G g) . (B^T d)]. */
const B_T: Matrix = [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0], [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]];
const G: Matrix = [[1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6], [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1]];
const A_T: Matrix = [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]];

/** Outputs per tile side, the side of the input patch that a tile needs, and what a patch becomes. */
const TILE = 4;
const PATCH = 6;
const SQUARE = PATCH * PATCH;

/** Transformed inputs and products that a layer may hold at once: what a core's share of the last cache holds. */
const STRIP_BYTES = 2 ** 24;

/**
 * Whether a convolution gains by it: 3x3, stride 1, size kept, sizes that tiles of four divide, large enough.
 *
 * @param typical values of the symbols of `output` at the sizes the graph is mostly run at
 */
export function winogradFits(choice: WinogradChoice, op: ConvGeometry, weight: Shape, output: Shape, typical: Readonly<Record<string, number>>): boolean {
  const [, , h, w] = output as [Dim, Dim, Dim, Dim];
  const [outChannels, inChannels, kh, kw] = weight as [number, number, number, number];
  const { top, left, bottom, right } = op.pads;
  if (kh !== 3 || kw !== 3 || op.stride !== 1 || [top, left, bottom, right].some((pad) => pad !== 1)) return false;
  if (Math.min(inChannels, outChannels) < choice.minChannels || !isMultiple(h, TILE) || !isMultiple(w, TILE)) return false;
  const positions = typicalSize(mulDims(h, w), typical);
  return positions !== undefined && positions >= choice.minPositions;
}

/** A convolution to emit: the names of its operands, the shape of its weight [O, C, 3, 3] and of its output [B, O, H, W]. */
export type WinogradConv = { x: string; weight: string; bias: string | undefined; weightShape: Shape; output: Shape };

/**
 * Emits the convolution, its operands in float32 and its weight constant, and returns the name of its value.
 * A quarter of the multiplications of the direct form; in float32 its error stays below 1e-4 of the outputs' deviation.
 * The transform of the weight reads constants alone, so ONNX Runtime folds it when the graph is opened or baked.
 */
export function emitWinograd(out: Emitter, conv: WinogradConv, typical: Readonly<Record<string, number>>): string {
  const { weightShape, output, bias } = conv;
  const [outChannels, inChannels] = weightShape as [number, number];
  const [, , h] = output as [Dim, Dim, Dim, Dim];

  const filters = out.emit("Reshape", [conv.weight, out.ints([outChannels, inChannels, 9])]);
  const filterTransform = out.constant(transposed(kronecker(G, G)).flat(), [9, SQUARE], "float32");
  const u = out.emit("Transpose", [out.emit("MatMul", [filters, filterTransform])], { perm: [2, 0, 1] }); // [36, O, C]

  const count = stripsOf(inChannels + outChannels, output, typical);
  const height = floorDivDim(h, count);
  const strips = Array.from({ length: count }, (_, i) => {
    const pads = { top: i === 0 ? 1 : 0, bottom: i === count - 1 ? 1 : 0 };
    const start = addDims(mulDims(height, i), pads.top - 1), end = addDims(mulDims(height, i + 1), 1 - pads.bottom);
    const rows = count === 1 ? conv.x : out.emit("Slice", [conv.x, out.shape([start]), out.shape([end]), out.ints([2])]);
    return emitStrip(out, rows, pads, u, [inChannels, outChannels], output.with(2, height));
  });
  const y = strips.length === 1 ? at(strips, 0) : out.emit("Concat", strips, { axis: 2 });
  return bias === undefined ? y : out.emit("Add", [y, out.emit("Reshape", [bias, out.ints([outChannels, 1, 1])])]);
}

/** Rows of the output from the rows of the input that they read. */
function emitStrip(
  out: Emitter, x: string, { top, bottom }: { top: number; bottom: number }, u: string, [inChannels, outChannels]: readonly [number, number], output: Shape,
): string {
  const [batch, , h, w] = output as [Dim, Dim, Dim, Dim];
  const [rows, columns] = [floorDivDim(h, TILE), floorDivDim(w, TILE)];
  const tiles = mulDims(rows, columns);

  // The input transform is a convolution of every channel alone, so channels can stand in the batch axis.
  const planes = out.emit("Reshape", [x, out.ints([-1, 1, 0, 0])]); // [B C, 1, H, W]
  const inputTransform = out.constant(kronecker(B_T, B_T).flat(), [SQUARE, 1, PATCH, PATCH], "float32");
  const patches = out.emit("Conv", [planes, inputTransform], { kernel_shape: [PATCH, PATCH], strides: [TILE, TILE], pads: [top, 1, bottom, 1] });
  const perChannel = out.emit("Reshape", [patches, out.shape([batch, inChannels, SQUARE, tiles])]);
  const v = out.emit("Transpose", [perChannel], { perm: [0, 2, 1, 3] }); // [B, 36, C, tiles]

  const products = out.emit("MatMul", [u, v]); // [B, 36, O, tiles]
  const outputTransform = out.constant(kronecker(A_T, A_T).flat(), [TILE * TILE, SQUARE], "float32");
  const flat = out.emit("Reshape", [products, out.shape([batch, SQUARE, mulDims(tiles, outChannels)])]);
  const outputs = out.emit("MatMul", [outputTransform, flat]); // [B, 16, O tiles]
  const blocks = out.emit("Reshape", [outputs, out.shape([batch, TILE * TILE * outChannels, rows, columns])]);
  return out.emit("DepthToSpace", [blocks], { blocksize: TILE, mode: "DCR" }); // [B, O, H, W]
}

/**
 * In how many strips of rows a layer is done: as many, in powers of two, as bring the transformed values of one below
 * `STRIP_BYTES`, as far as strips of whole tiles divide the height at every size.
 */
function stripsOf(channels: number, output: Shape, typical: Readonly<Record<string, number>>): number {
  const [batch, , h, w] = output as [Dim, Dim, Dim, Dim];
  const positions = typicalSize(mulDims(mulDims(batch, h), w), typical) ?? 0;
  const bytes = ((4 * SQUARE) / TILE ** 2) * channels * positions;
  let count = 1;
  while (bytes / count > STRIP_BYTES && isMultiple(h, 2 * count * TILE)) count *= 2;
  return count;
}

/** Whether `n` divides a size, whatever its symbols are. */
function isMultiple(d: Dim, n: number): boolean {
  return typeof d === "number" ? d % n === 0 : [...d.terms.values()].every((coefficient) => coefficient % n === 0);
}

function typicalSize(d: Dim, typical: Readonly<Record<string, number>>): number | undefined {
  if (typeof d === "number") return d;
  const known = new Map(Object.entries(typical));
  const named = [...d.terms.keys()].flatMap((monomial) => monomial.split("*")).every((name) => name === "" || known.has(name));
  return named ? evaluateDim(d, known) : undefined;
}

const kronecker = (a: Matrix, b: Matrix): number[][] => a.flatMap((row) => b.map((other) => row.flatMap((x) => other.map((y) => x * y))));

const transposed = (m: Matrix): number[][] => at(m, 0).map((_, column) => m.map((row) => at(row, column)));
