import { expect, test } from "vitest";
import { fitImage } from "./fit.ts";
import { hostImage, type HostImage } from "./host-image.ts";

/** A picture of one row per letter: r, g, b, w (white), k (black). */
const colours: Record<string, number[]> = { r: [255, 0, 0], g: [0, 255, 0], b: [0, 0, 255], w: [255, 255, 255], k: [0, 0, 0] };
const picture = (...rows: string[]): HostImage => hostImage(rows[0]!.length, rows.length, Uint8Array.from(rows.flatMap((row) => Array.from(row).flatMap((letter) => colours[letter]!))));
const letters = ({ width, height, data }: HostImage): string[] =>
  Array.from({ length: height }, (_, y) => Array.from({ length: width }, (__, x) => Object.entries(colours).find(([, rgb]) => rgb.every((v, c) => data[3 * (y * width + x) + c] === v))?.[0] ?? "?").join(""));

const wide = picture("rggb", "rggb");

test("stretch keeps everything and no aspect", () => {
  expect(letters(fitImage(wide, 4, 4, "stretch"))).toEqual(["rggb", "rggb", "rggb", "rggb"]);
});

test("crop keeps the centre in the new aspect", () => {
  expect(letters(fitImage(wide, 2, 2, "crop"))).toEqual(["gg", "gg"]);
  expect(letters(fitImage(picture("r", "g", "g", "b"), 1, 2, "crop"))).toEqual(["g", "g"]);
});

test("pad keeps everything and its aspect, centred on white", () => {
  expect(letters(fitImage(wide, 4, 4, "pad"))).toEqual(["wwww", "rggb", "rggb", "wwww"]);
  expect(letters(fitImage(picture("k", "k"), 4, 2, "pad"))).toEqual(["wkww", "wkww"]);
});

test("the extremest aspects still give the size that was asked", () => {
  const line = picture("k".repeat(300));
  for (const fit of ["stretch", "crop", "pad"] as const) {
    const { width, height } = fitImage(line, 5, 7, fit);
    expect([width, height]).toEqual([5, 7]);
  }
});
