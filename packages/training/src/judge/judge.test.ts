import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fitImage } from "@deadiff/core";
import { decodeImage } from "@deadiff/core/node";
import { inlineRuntime } from "@deadiff/core/ort";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT_FOLDER } from "../data/paths.ts";
import { cosine, retrievalRank } from "../evaluate/metrics.ts";
import { JUDGE_FOLDER, readJudge } from "./judge-file.ts";
import { readNames } from "./names.ts";
import { openJudge } from "./open-judge.ts";
import type { Judge } from "./open-judge.ts";
import { disturb, judgePixels } from "./pictures.ts";
import { positives } from "./positives.ts";
import { randomStream } from "../data/random.ts";

const SHELF = join(ROOT_FOLDER, "models/mini/references");
type Entry = { file: string; subject: string };

let runtime: Awaited<ReturnType<typeof inlineRuntime>>;
let judge: Judge;
beforeAll(async () => {
  runtime = await inlineRuntime({ threads: 1 });
  judge = await openJudge(runtime, await readJudge(JUDGE_FOLDER));
});
afterAll(() => runtime.close());

test("the shipped judge tells what the shipped references show, in styles of every kind", async () => {
  const shelf = JSON.parse(await readFile(join(SHELF, "references.json"), "utf8")) as Entry[];
  const pictures = await Promise.all(shelf.map(async ({ file }) => decodeImage(await readFile(join(SHELF, file)))));
  const looks = await judge.look(pictures);
  const names = await judge.names(shelf.map(({ subject }) => subject));
  const right = looks.filter(({ subject }, i) => retrievalRank(subject, names, i) === 0).length;
  // A guess would be right once in twelve.
  expect(right).toBeGreaterThanOrEqual(6);
  for (const look of looks) for (const embedding of [look.style, look.subject]) expect(Math.hypot(...embedding)).toBeCloseTo(1, 3);
  // The same picture at half the size is the same to it.
  const [half] = await judge.look(pictures.slice(0, 1).map((picture) => fitImage(picture, 128, 128, "stretch")));
  expect(cosine(half?.style ?? [], looks[0]?.style ?? [])).toBeGreaterThan(0.97);
});

test("words that name no subject are refused", async () => {
  await expect(judge.names(["a quaternion"])).rejects.toThrow(/quaternion/);
  expect(() => readNames(["dog", "face"], 1, ["a dog face"])).toThrow(RangeError);
  const { ids, share } = readNames(["dog", "face"], 3, ["the dog face"]);
  expect([[...ids.data], [...share.data]]).toEqual([[0n, 1n, 0n], [0.5, 0.5, 0]]);
});

test("pictures are box-averaged, moved by at most four pixels, and given noise on every second one at most", () => {
  const pixels = Float32Array.from({ length: 3 * 128 * 128 }, (_, i) => (i % 2 === 0 ? 1 : -1));
  expect(judgePixels(pixels, 128).every((x) => x === 0)).toBe(true);
  expect(() => judgePixels(pixels, 100)).toThrow(RangeError);
  const flat = new Float32Array(8 * 3 * 64 * 64).fill(0.5);
  expect(disturb(randomStream(1), flat, 0)).toEqual(flat);
  const noisy = disturb(randomStream(1), flat, 0.3);
  expect(Math.max(...Array.from({ length: 8 }, (_, b) => Math.max(...noisy.subarray(b * 12288, (b + 1) * 12288).map((x) => Math.abs(x - 0.5)))))).toBeLessThanOrEqual(0.3);
});

test("positives share each row among the others of its style", () => {
  expect([...positives(["a", "b", "a", "a", "c"])].map((x) => Math.round(x * 2) / 2)).toEqual([0, 0, 0.5, 0.5, 0, 0, 0, 0, 0, 0, 0.5, 0, 0, 0.5, 0, 0.5, 0, 0.5, 0, 0, 0, 0, 0, 0, 0]);
});
