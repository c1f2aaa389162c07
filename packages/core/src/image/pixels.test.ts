import { expect, test } from "vitest";
import { codeOf } from "../../test/io/code.ts";
import { hostImage } from "./host-image.ts";
import { clipPixels, imagesFromSigned, pixelsSigned } from "./pixels.ts";

const image = hostImage(2, 1, Uint8Array.of(0, 128, 255, 10, 20, 30));

test("CLIP's pixels are planes, each with its own mean and deviation", () => {
  const { dims, data } = clipPixels(image);
  expect(dims).toEqual([1, 3, 1, 2]);
  const expected = [(0 - 0.48145466) / 0.26862954, (10 / 255 - 0.48145466) / 0.26862954, (128 / 255 - 0.4578275) / 0.26130258, (20 / 255 - 0.4578275) / 0.26130258, (1 - 0.40821073) / 0.27577711, (30 / 255 - 0.40821073) / 0.27577711];
  expect([...data]).toEqual(expected.map(Math.fround));
});

test("signed pixels span -1 to 1 and come back to the same bytes", () => {
  const every = hostImage(16, 16, Uint8Array.from({ length: 768 }, (_, i) => i % 256));
  const signed = pixelsSigned(every);
  expect([Math.min(...signed.data), Math.max(...signed.data)]).toEqual([-1, 1]);
  expect(imagesFromSigned(signed)).toEqual([every]);
});

test("a batch becomes its pictures, values beyond the range clipped and between bytes rounded", () => {
  const data = Float32Array.of(-9, -1, 9, 1, -0.9999, 0.9999, 0.003, 0, 0.005, 0.5, -0.5, Infinity);
  const images = imagesFromSigned({ dtype: "float32", dims: [2, 3, 1, 2], data });
  expect(images.map(({ data: bytes }) => [...bytes])).toEqual([[0, 255, 0, 0, 255, 255], [128, 128, 64, 128, 191, 255]]);
});

test("pixels of another shape and pixels that are not numbers are refused", async () => {
  const tensor = (dims: number[], data: Float32Array) => ({ dtype: "float32", dims, data }) as const;
  expect(await codeOf(() => imagesFromSigned(tensor([1, 4, 1, 1], new Float32Array(4))))).toBe("tensor_wrong_size");
  expect(await codeOf(() => imagesFromSigned(tensor([3, 1, 1], new Float32Array(3))))).toBe("tensor_wrong_size");
  expect(await codeOf(() => imagesFromSigned(tensor([1, 3, 1, 1], Float32Array.of(0, NaN, 0))))).toBe("pixels_not_finite");
});
