import { mkdtemp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostImage, stylize, TINY, trainedParams } from "@deadiff/core";
import { encodePng, openModel, openSafetensorsFile, writeRandomBundle } from "@deadiff/core/node";
import { inlineRuntime } from "@deadiff/core/ort";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { conditionBatch } from "../methods/condition.ts";
import { METHODS } from "../methods/methods.ts";
import { randomStream } from "../data/random.ts";
import { folderPairs } from "./pairs.ts";
import { readPairs } from "./manifest.ts";
import { trainFolder } from "./train-folder.ts";
import type { FolderRun } from "./train-folder.ts";

let folder: string;
const picture = (seed: number) => encodePng(hostImage(40, 30, Uint8Array.from({ length: 3600 }, (_, i) => 127 + 120 * Math.sin((i % (7 + seed)) + seed))));
const described = (pictures: readonly object[]) => JSON.stringify({ format: "deadiff-pairs", formatVersion: 1, pictures });
const FOUR = ["cat", "dog"].flatMap((subject, s) => ["red", "blue"].map((style, t) => ({ file: `pictures/${2 * s + t}.png`, subject: `a ${subject}`, style })));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "deadiff-folder-"));
  await mkdir(join(folder, "pairs/pictures"), { recursive: true });
  for (let i = 0; i < 4; i++) await writeFile(join(folder, `pairs/pictures/${i}.png`), await picture(i));
  await writeFile(join(folder, "pairs/pairs.json"), described(FOUR));
  await writeRandomBundle(join(folder, "tiny"), { config: { ...TINY, sharedVision: false, prediction: "eps" }, size: 32 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (out: string, steps: number): FolderRun => ({
  pairs: join(folder, "pairs"), bundle: join(folder, "tiny"), out: join(folder, out), steps, batchSize: 3, accumulate: 2, seed: 4, lr: 1e-3, fresh: false, threads: 1,
  signal: new AbortController().signal, log: () => undefined,
});

async function tensorsOf(path: string): Promise<Map<string, unknown>> {
  const file = await openSafetensorsFile(path);
  const tensors = new Map<string, unknown>();
  for (const name of file.tensors.keys()) tensors.set(name, (await file.read(name)).data);
  await file.close();
  return tensors;
}

describe("training on a folder of one's own pictures", { timeout: 180_000 }, () => {
  test("runs the three tasks end to end, goes on from its checkpoint to the same numbers, and leaves a bundle that makes pictures", async () => {
    expect(await trainFolder(run("whole", 4))).toBe(join(folder, "whole/bundle"));
    // Looked at once before each step: two steps, then a stop.
    let looks = 0;
    const stopped = { get aborted() { return ++looks > 2; } } as AbortSignal;
    expect(await trainFolder({ ...run("stopped", 4), signal: stopped })).toBeNull();
    const half = await openSafetensorsFile(join(folder, "stopped/checkpoint.safetensors"));
    await half.close();
    expect(half.metadata.get("step")).toBe("2");
    await trainFolder(run("stopped", 4));
    expect(await tensorsOf(join(folder, "stopped/checkpoint.safetensors"))).toEqual(await tensorsOf(join(folder, "whole/checkpoint.safetensors")));
    // Four pictures, each encoded once.
    expect(await readdir(join(folder, "whole/encoded"))).toHaveLength(4);

    const before = await tensorsOf(join(folder, "tiny/weights.safetensors")), after = await tensorsOf(join(folder, "whole/checkpoint.safetensors"));
    const trained = new Set(trainedParams({ ...TINY, sharedVision: false }));
    for (const [name, value] of after) if (name.startsWith("w/") && !trained.has(name.slice(2))) expect(value, name).toEqual(before.get(name.slice(2)));
    expect(after.get("w/context.0.imageK.weight")).not.toEqual(before.get("context.0.imageK.weight"));

    const runtime = await inlineRuntime({ threads: 1 });
    const model = await openModel(join(folder, "whole/bundle"), runtime);
    const { images } = await stylize(model, { prompt: "a cat", steps: 2, seed: 1, references: [{ image: hostImage(8, 8, new Uint8Array(192).fill(90)) }] });
    expect(images[0]?.pixels.width).toBe(32);
    await runtime.close();
  });

  test("another folder or model is refused where a checkpoint stands", async () => {
    await trainFolder(run("taken", 1));
    await expect(trainFolder({ ...run("taken", 2), seed: 5 })).rejects.toMatchObject({ code: "checkpoint_other_run" });
  });
});

describe("a folder's pairs", () => {
  test("share what their task says, and carry its words", async () => {
    const { pictures } = await readPairs(join(folder, "pairs"));
    const pairAt = folderPairs(pictures);
    const pairs = Array.from({ length: 600 }, (_, n) => pairAt(1, n));
    expect(pairAt(1, 599)).toEqual(pairs[599]);
    const asked = conditionBatch(METHODS.deadiff, pairs, randomStream(2));
    pairs.forEach(({ task, reference, target: { picture: at } }, i) => {
      const [from, to] = [pictures[reference]!, pictures[at]!];
      expect({ style: from.style === to.style, subject: from.subject === to.subject }).toEqual({ stre: { style: true, subject: false }, sere: { style: false, subject: true }, reconstruction: { style: true, subject: true } }[task]);
      expect(asked[i]?.text).toBe({ stre: to.subject, sere: to.style, reconstruction: "" }[task]);
    });
    for (const task of ["stre", "sere", "reconstruction"]) expect(pairs.filter((pair) => pair.task === task).length).toBeGreaterThan(150);
  });

  test.each([
    ["pairs_missing", null],
    ["pairs_invalid", "{"],
    ["pairs_invalid", described([{ file: "a.png", subject: "a cat" }])],
    ["pairs_invalid", described([{ file: "none.png", subject: "a cat", style: "red" }, { file: "pictures/0.png", subject: "a dog", style: "red" }])],
    ["pairs_invalid", described([{ file: "../tiny/words.json", subject: "a cat", style: "red" }, { file: "pictures/0.png", subject: "a dog", style: "red" }])],
    ["pairs_too_few", described(FOUR.filter(({ style }) => style === "red"))],
    ["pairs_too_few", described(FOUR.filter(({ subject }) => subject === "a cat"))],
  ])("that cannot be learnt from are refused with %s (case %#)", async (code, text) => {
    const wrong = await mkdtemp(join(folder, "wrong-"));
    await mkdir(join(wrong, "pictures"));
    for (let i = 0; i < 4; i++) await writeFile(join(wrong, `pictures/${i}.png`), await picture(i));
    if (text !== null) await writeFile(join(wrong, "pairs.json"), text);
    await expect(readPairs(wrong)).rejects.toMatchObject({ code });
  });
});
