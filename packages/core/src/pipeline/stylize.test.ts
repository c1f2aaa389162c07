import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf } from "../../test/io/code.ts";
import type { HostImage } from "../image/host-image.ts";
import { hostImage } from "../image/host-image.ts";
import { openModel } from "../node/open-model.ts";
import { TINY } from "../presets.ts";
import { writeRandomBundle } from "../node/random-bundle.ts";
import { inlineRuntime } from "../runtime/inline.ts";
import type { InlineRuntime } from "../runtime/inline.ts";
import { SAMPLER_NAMES } from "../sampling/plan.ts";
import type { Model } from "./model.ts";
import type { StylizeInput } from "./request.ts";
import { makeStyleCode } from "./style-code.ts";
import { stylize } from "./stylize.ts";
import type { StylizeEvent, StylizeOptions } from "./stylize.ts";

let folder: string;
let runtime: InlineRuntime;
let model: Model;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "deadiff-stylize-"));
  const preview = { factors: [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.1, 0.1, 0.1]], bias: [0, 0, 0] } as const;
  await writeRandomBundle(join(folder, "tiny"), { preview, size: 32 });
  await writeRandomBundle(join(folder, "added"), { config: { ...TINY, attention: "added", prediction: "eps", sharedQFormer: false }, size: 32 });
  await writeRandomBundle(join(folder, "both"), { config: { ...TINY, layerMap: ["style", "both", "content", "both", "style", "both", "style"] }, size: 32 });
  runtime = await inlineRuntime({ threads: 1 });
  model = await openModel(join(folder, "tiny"), runtime);
});
afterAll(async () => {
  await runtime.close();
  await rm(folder, { recursive: true });
});

/** A picture of smooth colour, different for each seed. */
const picture = (seed: number): HostImage =>
  hostImage(20, 12, Uint8Array.from({ length: 20 * 12 * 3 }, (_, i) => 127 + 120 * Math.sin((i % (7 + seed)) + seed)));

const ask: StylizeInput = { references: [{ image: picture(1) }], prompt: "a red cat", steps: 3, guidance: 4, seed: 7 };
const make = async (input: StylizeInput, options: StylizeOptions = {}, on: Model = model) => {
  const { images } = await stylize(on, input, options);
  return images.map(({ pixels }) => Buffer.from(pixels.data).toString("base64"));
};

test("the same request makes the same picture, another seed or prompt another one", async () => {
  const [first] = await make(ask);
  expect(await make(ask)).toEqual([first]);
  expect(await make({ ...ask, seed: 8 })).not.toEqual([first]);
  expect(await make({ ...ask, prompt: "a blue dog" })).not.toEqual([first]);
  expect(await make({ ...ask, negativePrompt: "bad" })).not.toEqual([first]);
});

test.each(SAMPLER_NAMES)("%s makes a picture, and makes it again", async (sampler) => {
  const request: StylizeInput = { ...ask, sampler, steps: 4 };
  const result = await stylize(model, request);
  expect(result.parameters.sampler).toBe(sampler);
  expect(result.images[0]!.pixels).toMatchObject({ width: 32, height: 32 });
  expect(await make(request)).toEqual([Buffer.from(result.images[0]!.pixels.data).toString("base64")]);
});

test("a picture does not change with the number of pictures it is made with", async () => {
  for (const sampler of ["euler_ancestral", "dpmpp_2m"] as const) {
    const three = await make({ ...ask, sampler, count: 3 });
    expect(new Set(three).size).toBe(3);
    for (const [i, alone] of three.entries()) expect(await make({ ...ask, sampler, seed: 7 + i })).toEqual([alone]);
  }
});

test("rows evaluated together and apart make the same picture", async () => {
  const reference = await make({ ...ask, count: 3 }, { batching: { images: 1, passes: "apart" } });
  for (const batching of [{ images: 1, passes: "together" }, { images: 2, passes: "apart" }, { images: 3, passes: "together" }] as const) {
    expect(await make({ ...ask, count: 3 }, { batching })).toEqual(reference);
  }
});

describe("references", () => {
  test("both branches act, each through its own layers, and both is neither", async () => {
    const image = picture(1);
    const made = await Promise.all((["style", "content", "both"] as const).map(async (mode) => (await make({ ...ask, references: [{ image, mode }] }))[0]));
    expect(new Set(made).size).toBe(3);
  });

  test("one of weight 0 changes nothing, and one given twice is one", async () => {
    const one = await make(ask);
    expect(await make({ ...ask, references: [{ image: picture(1) }, { image: picture(2), weight: 0 }] })).toEqual(one);
    expect(await make({ ...ask, references: [{ image: picture(1) }, { image: picture(1) }] })).toEqual(one);
    expect(await make({ ...ask, references: [{ image: picture(1) }, { image: picture(2) }] })).not.toEqual(one);
  });

  test("one of weight w has gain w: the same as strength w", async () => {
    expect(await make({ ...ask, references: [{ image: picture(1), weight: 0.5 }] })).toEqual(await make({ ...ask, strength: 0.5 }));
  });

  test("a style code acts as the picture it was made from, and a mode it has no tokens for is refused", async () => {
    const code = await makeStyleCode(model, picture(1), { branches: ["style"] });
    const [pixels, fromCode] = [(await make(ask))[0]!, (await make({ ...ask, references: [{ code }] }))[0]!];
    const difference = [...Buffer.from(pixels, "base64")].map((byte, i) => Math.abs(byte - Buffer.from(fromCode, "base64")[i]!));
    expect(Math.max(...difference)).toBeLessThanOrEqual(2); // float16 tokens
    expect(await codeOf(() => stylize(model, { ...ask, references: [{ code, mode: "both" }] }))).toBe("style_code_branch");
    expect(await codeOf(() => stylize(model, { ...ask, references: [{ code: { ...code, encoder: "0".repeat(64) } }] }))).toBe("style_code_version");
  });
});

describe("switches", () => {
  test("off is the base model whatever the references, and gain 0 is not: zero keys take softmax mass", async () => {
    const off = await make({ ...ask, references: [], image: "off" });
    expect(await make({ ...ask, image: "off" })).toEqual(off);
    const { warnings } = await stylize(model, { ...ask, image: "off" });
    expect(warnings.map(({ code }) => code)).toEqual(["references_unused"]);
    const silent = await make({ ...ask, strength: 0 });
    expect(silent).not.toEqual(off);
    expect(await make({ ...ask, gains: TINY.layerMap.map(() => 0) })).toEqual(silent);
    expect(await make({ ...ask, references: [], image: "on" })).toEqual(silent);
    expect(await make({ ...ask, references: [] })).toEqual(off);
  });

  test("a gain acts on its own layer", async () => {
    const gains = (on: number) => TINY.layerMap.map((_, i) => (i === on ? 1 : 0));
    const made = await Promise.all([0, 1, 4].map(async (on) => (await make({ ...ask, gains: gains(on) }))[0]));
    expect(new Set(made).size).toBe(3);
  });

  test("a guidance interval saves the unconditional evaluations outside it", async () => {
    let rows = 0;
    const apart: StylizeOptions = { batching: { images: 1, passes: "apart" } };
    const counted: Model = { ...model, run: (graph, feeds, options) => {
      if (graph === "unet") rows++;
      return model.run(graph, feeds, options);
    } };
    await stylize(counted, { ...ask, steps: 4, sampler: "euler" }, apart);
    expect(rows).toBe(8);
    rows = 0;
    await stylize(counted, { ...ask, steps: 4, sampler: "euler", guidanceInterval: { from: 0, to: 1.5 } }, apart);
    expect(rows).toBe(6);
    rows = 0;
    await stylize(counted, { ...ask, steps: 4, sampler: "euler", guidance: 1 }, apart);
    expect(rows).toBe(4);
    rows = 0;
    await stylize(counted, { ...ask, steps: 4, sampler: "euler", promptGuidance: 2 }, apart);
    expect(rows).toBe(12);
  });

  test("prompt guidance needs a prompt to act, and acts by references alone", async () => {
    const same = { ...ask, prompt: "", promptGuidance: 0 };
    expect(await make({ ...same, promptGuidance: 3 })).toEqual(await make(same));
    expect(await make({ ...ask, promptGuidance: 3 })).not.toEqual(await make(ask));
    expect(await make({ ...ask, guidance: 1, promptGuidance: 3 })).not.toEqual(await make({ ...ask, guidance: 1 }));
    expect(await make({ ...ask, references: [], promptGuidance: 3 })).toEqual(await make({ ...ask, references: [] }));
  });

  test.each(["added", "both"])("%s: attention and layer maps of other models run, with and without image keys", async (name) => {
    const other = await openModel(join(folder, name), runtime);
    const on = await make({ ...ask, references: [{ image: picture(1), mode: "both" }] }, {}, other);
    const off = await make({ ...ask, image: "off" }, {}, other);
    expect(on).not.toEqual(off);
    expect(await make({ ...ask, references: [{ image: picture(1), mode: "both" }] }, { batching: { images: 1, passes: "together" } }, other)).toHaveLength(1);
    await other.close();
  });
});

test("events tell stages, every step once, and a preview of each picture at work", async () => {
  const events: StylizeEvent[] = [];
  await stylize(model, { ...ask, count: 2, steps: 3 }, { batching: { images: 1, passes: "together" }, onEvent: (event) => void events.push(event) });
  expect(events.flatMap((e) => (e.kind === "stage" ? [e.stage] : []))).toEqual(["references", "text", "sampling", "decoding"]);
  const steps = events.flatMap((e) => (e.kind === "step" ? [e] : []));
  expect(steps.map(({ step, total }) => [step, total])).toEqual([1, 2, 3, 4, 5, 6].map((step) => [step, 6]));
  for (const { images, previews } of steps) {
    const made = previews()!;
    expect(made).toHaveLength(images.length);
    expect(made[0]).toMatchObject({ width: 8, height: 8 });
  }
});

test("a model whose bundle has no preview matrix gives none", async () => {
  const other = await openModel(join(folder, "both"), runtime);
  await stylize(other, ask, { onEvent: (event) => {
    if (event.kind === "step") expect(event.previews()).toBeNull();
  } });
  await other.close();
});

test("an abort stops between two evaluations with its own reason, and nothing stays in the runtime", async () => {
  const before = runtime.keptBytes();
  const controller = new AbortController();
  const reason = new Error("stop");
  let steps = 0;
  const job = stylize(model, { ...ask, steps: 20 }, { signal: controller.signal, onEvent: (event) => {
    if (event.kind === "step" && ++steps === 2) controller.abort(reason);
  } });
  await expect(job).rejects.toBe(reason);
  expect(steps).toBe(2);
  expect(runtime.keptBytes()).toBe(before);
  await expect(stylize(model, ask, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test("what comes out makes each picture again alone: seeds, sizes, sampler, gains", async () => {
  const { images, parameters } = await stylize(model, { ...ask, count: 2, width: 16, height: 48 });
  expect(parameters).toMatchObject({ width: 16, height: 48, count: 2, seed: "7", strength: 1, gains: TINY.layerMap.map(() => 1), image: "on", model: { name: "tiny", version: "random-1" } });
  expect(parameters.references[0]).toMatchObject({ kind: "image", width: 20, height: 12, mode: "style", weight: 1, fit: "stretch" });
  const { prompt, negativePrompt, width, height, steps, sampler, spacing, guidance, strength, gains, seed } = images[1]!.parameters;
  const again = await stylize(model, { references: ask.references, prompt, negativePrompt, width, height, steps, sampler, spacing, guidance, strength, gains, seed });
  expect(again.images[0]!.pixels.data).toEqual(images[1]!.pixels.data);
  expect(images[1]!.seed).toBe(8n);
});

test("a seed that is left out is drawn and told", async () => {
  const { parameters, images } = await stylize(model, { ...ask, seed: undefined }, { drawSeed: () => 123n });
  expect([parameters.seed, images[0]!.seed]).toEqual(["123", 123n]);
});

test("what was cut off a prompt and which words are unknown is said", async () => {
  const { warnings } = await stylize(model, { ...ask, prompt: "a red zebra a red cat a red cat and more", negativePrompt: "ugly", sampler: "ddim", steps: 7 });
  expect(warnings).toMatchObject([
    { code: "steps_changed", asked: 7, taken: 8 },
    { code: "prompt_cut", field: "prompt" },
    { code: "unknown_words", field: "prompt", words: ["zebra", "and", "more"] },
    { code: "unknown_words", field: "negativePrompt", words: ["ugly"] },
  ]);
});

test("graphs released after use are opened again for the next job", async () => {
  const once = await make(ask, { memory: "release" });
  expect(await make(ask, { memory: "release" })).toEqual(once);
  expect(once).toEqual(await make(ask));
});

test("a layer map given at opening decides which layers read which tokens", async () => {
  const swapped = await openModel(join(folder, "tiny"), runtime, { layerMap: TINY.layerMap.map(() => "style" as const) });
  expect(await make(ask, {}, swapped)).not.toEqual(await make(ask));
  await swapped.close();
  expect(await codeOf(() => openModel(join(folder, "tiny"), runtime, { layerMap: ["style"] }))).toBe("bundle_invalid");
});
