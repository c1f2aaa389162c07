import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openModel, readPngParameters, writeRandomBundle } from "@deadiff/core/node";
import { inlineRuntime } from "@deadiff/core/ort";
import { parametersSchema, type Model } from "@deadiff/core";
import { modelAboutSchema } from "@deadiff/schemas";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GenerateRequest, LoadedMember, LoadedReference, Progress, Timed } from "../src/generate.ts";
import { describeModel } from "../src/inference/describe.ts";
import { stylizeWith } from "../src/inference/stylize.ts";

let folder: string;
let bundle: string;
let runtime: Awaited<ReturnType<typeof inlineRuntime>>;
let model: Model;
let noise: LoadedMember;
let flat: LoadedMember;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "deadiff-worker-"));
  bundle = join(folder, "model");
  await writeRandomBundle(bundle, { seed: 1 });
  runtime = await inlineRuntime({ threads: 1 });
  model = await openModel(bundle, runtime);
  const data = Uint8Array.from({ length: 24 * 16 * 3 }, (_, i) => (i * 97) % 256);
  noise = { weight: 1, mode: "style", fit: "stretch", png: await sharp(data, { raw: { width: 24, height: 16, channels: 3 } }).png().toBuffer() };
  flat = { ...noise, png: await sharp({ create: { width: 8, height: 8, channels: 3, background: "teal" } }).png().toBuffer() };
});
afterAll(async () => {
  await runtime.close();
  await rm(folder, { recursive: true });
});

const run = async (references: readonly LoadedReference[], change: Partial<GenerateRequest> = {}) => {
  const request: GenerateRequest = { kind: "picture", references, style: null, prompt: "a dog", negative_prompt: "", strength: 1, count: 1, seed: 3, steps: 2, ...change };
  return stylizeWith(model)(request, { signal: new AbortController().signal, onProgress: () => undefined });
};
const pixels = async (references: readonly LoadedReference[], change?: Partial<GenerateRequest>) => {
  const [png] = (await run(references, change)).images;
  return sharp(png).raw().toBuffer();
};
const far = (a: Uint8Array, b: Uint8Array): number => Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? 0))));

test("members read as one: a single one is the picture itself, equal shares are the mean, and nothing of weight 0 counts", async () => {
  const alone = await pixels([noise]);
  // Codes round tokens to half precision: a level of 8 bits at most.
  expect(far(await pixels([{ weight: 1, mode: "style", members: [noise] }]), alone)).toBeLessThanOrEqual(2);
  expect(far(await pixels([{ weight: 1, mode: "style", members: [{ ...noise, weight: 0.5 }, { ...flat, weight: 0 }] }]), alone)).toBeLessThanOrEqual(2);
  const mixed = await pixels([{ weight: 1, mode: "style", members: [{ ...noise, weight: 0.5 }, { ...flat, weight: 0.5 }] }]);
  expect(far(mixed, await pixels([noise, flat]))).toBeLessThanOrEqual(2);
  expect(Buffer.compare(mixed, alone)).not.toBe(0);
});

test("a style's code makes the pictures its members make, under any mode", async () => {
  const members = [noise, flat];
  const { code, images } = await run([{ weight: 1, mode: "both", members }], { kind: "style_code" });
  expect(images).toEqual([]);
  expect(code?.encoder).toBe(await model.encoderHash());
  for (const mode of ["style", "content", "both"] as const) {
    expect(far(await pixels([{ weight: 1, mode, code: code!.file }]), await pixels([{ weight: 1, mode, members }]))).toBeLessThanOrEqual(2);
  }
});

test("without references the picture is the prompt's alone; a code of another encoder, a broken one and a wrong number of gains are told apart", async () => {
  expect((await run([])).parameters).toMatchObject({ image: "off", references: [] });
  const other = join(folder, "other");
  await writeRandomBundle(other, { seed: 2 });
  const foreign = await stylizeWith(await openModel(other, runtime))(
    { kind: "style_code", references: [{ weight: 1, mode: "both", members: [flat] }], style: null, prompt: "", negative_prompt: "", strength: 1, count: 1, seed: 0 },
    { signal: new AbortController().signal, onProgress: () => undefined },
  );
  const refused = (references: readonly LoadedReference[], change?: Partial<GenerateRequest>) => expect(run(references, change)).rejects;
  await refused([{ weight: 1, mode: "style", code: foreign.code!.file }]).toMatchObject({ code: "style_code_version" });
  await refused([{ weight: 1, mode: "style", members: [{ weight: 1, mode: "style", code: foreign.code!.file }] }]).toMatchObject({ code: "style_code_version" });
  await refused([{ weight: 1, mode: "style", code: Uint8Array.of(1, 2, 3) }]).toMatchObject({ code: "invalid_image" });
  await refused([noise], { gains: [1, 2] }).toMatchObject({ code: "unsupported_parameter" });
});

test("what was done when is told of a job that fails and of one that is stopped, up to where it came", async () => {
  const told = async (change: Partial<GenerateRequest>, controller = new AbortController()): Promise<readonly Timed[]> => {
    const heard: Timed[] = [];
    const request: GenerateRequest = { kind: "picture", references: [noise], style: null, prompt: "a dog", negative_prompt: "", strength: 1, count: 1, seed: 3, steps: 4, ...change };
    const stop = ({ step }: Progress): void => {
      if (step === 2) controller.abort(new Error("enough"));
    };
    await expect(stylizeWith(model)(request, { signal: controller.signal, onProgress: stop, onTimeline: (timeline) => void heard.push(...timeline) })).rejects.toThrow();
    return heard;
  };
  expect((await told({ gains: "no_such" })).map(({ name }) => name)).toEqual(["open references"]);
  const stopped = await told({});
  expect(stopped.at(-1)?.name).toBe("denoise");
  expect(stopped.at(-1)?.steps.length).toBe(2);
});

test("the parameters say which part of a picture a reference was, in the answer and in the file", async () => {
  const crop = { x: 0.25, y: 0, width: 0.5, height: 1 };
  const { parameters, images } = await run([{ ...noise, crop }, flat]);
  expect(parameters["references"]).toEqual([expect.objectContaining({ kind: "image", crop }), expect.not.objectContaining({ crop: expect.anything() as unknown })]);
  const written = parametersSchema.parse(readPngParameters(images[0]!));
  expect(written.references).toEqual([expect.objectContaining({ crop }), expect.not.objectContaining({ crop: expect.anything() as unknown })]);
});

test("a model says what it can do and knows: its words, and those subjects of which it knows every word", async () => {
  const about = modelAboutSchema.parse(await describeModel(model, bundle));
  expect(about.vocabulary?.words.length).toBeGreaterThan(0);
  expect(about.vocabulary?.subjects).toEqual([]);
  expect(about.gain_presets[0]?.gains).toHaveLength(about.layers.length);
  const [word = ""] = about.vocabulary?.words ?? [];
  await writeFile(join(bundle, "subjects.json"), JSON.stringify({ 1: [word, `${word} unheardof`] }));
  expect((await describeModel(model, bundle)).vocabulary?.subjects).toEqual([word]);
  expect(about.presets.map(({ name }) => name)).toEqual(["fast", "balanced", "faithful"]);
});
