import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyStyle, createScratch, drawStyle, openDataset, parseStyle, randomStream, TREATMENT_IDS, type Dataset, type Scratch, type Style } from "../src/index.ts";
import { figureFromBytes, type Canvas } from "../src/data/pixels/picture.ts";
import { makeFixture } from "./fixture.ts";
import { rimContrast } from "./rim-contrast.ts";

let fixture: Awaited<ReturnType<typeof makeFixture>>;
let large: Dataset;
beforeAll(async () => {
  fixture = await makeFixture(64, 1);
  large = await openDataset(fixture.folder, { size: 128, verify: false });
});
afterAll(() => fixture.remove());

const scratches = new Map([64, 128].map((size) => [size, createScratch(size)]));

function paint(dataset: Dataset, picture: number, style: Style): { canvas: Canvas; cover: Float32Array } {
  const { size, bytes } = dataset.pixels;
  const scratch: Scratch = scratches.get(size)!;
  scratch.reset();
  const figure = figureFromBytes(new Uint8Array(bytes), picture * size * size * 4, scratch);
  const cover = figure.a.slice();
  const { r, g, b } = applyStyle(figure, style, scratch);
  return { canvas: { r: r.slice(), g: g.slice(), b: b.slice() }, cover };
}

/** Every fixture drawing in a style of its own. */
function scenes(treatment: Style["treatment"]): { picture: number; style: Style }[] {
  return fixture.dataset.pictures.map(({ hand }, picture) => ({ picture, style: drawStyle(randomStream(1, picture), hand, treatment) }));
}

/** Leaves nothing of earlier pictures in the planes that will be lent next. */
function spoil(scratch: Scratch): void {
  scratch.reset();
  for (let k = 0; k < 80; k++) scratch.plane().fill(Number.NaN);
}

describe.each(TREATMENT_IDS)("%s", (treatment) => {
  it("paints the same picture from the same style, whatever was painted before", () => {
    for (const { picture, style } of scenes(treatment)) {
      const first = paint(fixture.dataset, picture, style);
      spoil(scratches.get(64)!);
      const second = paint(fixture.dataset, picture, parseStyle(JSON.parse(JSON.stringify(style))));
      for (const channel of ["r", "g", "b"] as const) expect(Buffer.from(second.canvas[channel].buffer).equals(Buffer.from(first.canvas[channel].buffer))).toBe(true);
    }
  });

  it("paints finite colours in 0 .. 1", () => {
    for (const { picture, style } of scenes(treatment)) {
      const { canvas } = paint(fixture.dataset, picture, style);
      for (const plane of [canvas.r, canvas.g, canvas.b]) {
        for (const value of plane) if (!(value >= -1e-5 && value <= 1 + 1e-5)) expect.fail(`${value} in ${JSON.stringify(style)}`);
      }
    }
  });

  it("keeps the figure apart from its ground", () => {
    const contrasts = scenes(treatment).map(({ picture, style }) => {
      const { canvas, cover } = paint(fixture.dataset, picture, style);
      return rimContrast(canvas, cover, 64);
    });
    contrasts.sort((x, y) => x - y);
    // OKLab distance 0.02 is just visible; a rim at 0.06 is plain to see, and half of all pictures have twice that.
    expect(contrasts[0]).toBeGreaterThan(0.06);
    expect(contrasts[Math.floor(contrasts.length / 2)]).toBeGreaterThan(0.12);
  });

  it("looks alike at 64 and at 128 pixels", () => {
    for (const { picture, style } of scenes(treatment).filter((_, index) => index % 5 === 0)) {
      const small = blocks(paint(fixture.dataset, picture, style).canvas, 64, 8);
      const big = blocks(paint(large, picture, style).canvas, 128, 16);
      const difference = small.reduce((sum, value, i) => sum + Math.abs(value - big[i]!), 0) / small.length;
      expect(difference).toBeLessThan(0.045);
    }
  });
});

/** Mean of each block of side x side pixels of each channel. */
function blocks(canvas: Canvas, size: number, side: number): number[] {
  const count = size / side;
  return [canvas.r, canvas.g, canvas.b].flatMap((plane) =>
    Array.from({ length: count * count }, (_, block) => {
      let sum = 0;
      for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) sum += plane[(Math.floor(block / count) * side + y) * size + (block % count) * side + x]!;
      return sum / (side * side);
    }),
  );
}
