import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { codeOf } from "../../test/io/code.ts";
import { memorySource } from "../weights/byte-source.ts";
import { openSafetensors } from "../weights/safetensors.ts";
import { hostImage, type HostImage } from "./host-image.ts";
import { resizeBicubic } from "./resize.ts";

const fixtures = await openSafetensors(memorySource(readFileSync(new URL("../../test/fixtures/pillow-bicubic.safetensors", import.meta.url))));

/** The input that a fixture's name describes; see test/fixtures/README.md. */
function input(kind: string, width: number, height: number, seed: number): HostImage {
  const data = new Uint8Array(3 * width * height);
  let state = seed;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    data[i] = kind === "blocks" ? ((Math.floor(x / 5) + Math.floor(y / 5)) % 2) * 255 : state >>> 24;
  }
  return hostImage(width, height, data);
}

describe("pictures are resized to Pillow's bytes", () => {
  test.each([...fixtures.tensors.keys()])("%s", async (name) => {
    const [, kind = "", ...numbers] = /^(\w+)\.(\d+)x(\d+)\.seed(\d+)\.to\.(\d+)x(\d+)$/u.exec(name)!;
    const [width = 0, height = 0, seed = 0, toWidth = 0, toHeight = 0] = numbers.map(Number);
    const resized = resizeBicubic(input(kind, width, height, seed), toWidth, toHeight);
    expect([resized.width, resized.height]).toEqual([toWidth, toHeight]);
    expect(Buffer.compare(resized.data, (await fixtures.read(name)).data as Uint8Array)).toBe(0);
  });
});

test("sides that are no whole number above zero are refused", async () => {
  const image = input("noise", 4, 4, 1);
  for (const side of [0, -1, 1.5, NaN, Infinity]) expect(await codeOf(() => resizeBicubic(image, side, 4))).toBe("invalid_image");
  expect(await codeOf(() => hostImage(2, 2, new Uint8Array(11)))).toBe("invalid_image");
});
