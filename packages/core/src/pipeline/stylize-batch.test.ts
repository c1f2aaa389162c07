import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeOf } from "../../test/io/code.ts";
import { hostImage } from "../image/host-image.ts";
import { openModel } from "../node/open-model.ts";
import { writeRandomBundle } from "../node/random-bundle.ts";
import { TINY } from "../presets.ts";
import { inlineRuntime } from "../runtime/inline.ts";
import type { InlineRuntime } from "../runtime/inline.ts";
import type { StylizeInput } from "./request.ts";
import { stylizeBatch } from "./stylize-batch.ts";
import { stylize } from "./stylize.ts";

let folder: string;
let runtime: InlineRuntime;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "deadiff-batch-"));
  await writeRandomBundle(join(folder, "joint"), { size: 32 });
  await writeRandomBundle(join(folder, "added"), { config: { ...TINY, attention: "added", layerMap: TINY.layerMap.map(() => "style") }, size: 32 });
  runtime = await inlineRuntime({ threads: 1 });
});
afterAll(async () => {
  await runtime.close();
  await rm(folder, { recursive: true });
});

const image = (seed: number) => hostImage(16, 16, Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => 127 + 120 * Math.sin((i % (7 + seed)) + seed)));
const common = { steps: 3, sampler: "euler_ancestral", guidance: 3 } as const;

test.each(["joint", "added"])("each picture of a batch is the one its request makes alone (%s attention)", async (name) => {
  const model = await openModel(join(folder, name), runtime);
  const requests: StylizeInput[] = [
    { ...common, references: [{ image: image(1) }], prompt: "a red cat", seed: 7 },
    { ...common, references: [{ image: image(2), mode: "both", weight: 0.5 }], prompt: "a dog", seed: 7, strength: 0.5 },
    { ...common, references: [{ image: image(1) }, { image: image(2) }], negativePrompt: "bad", seed: 9, gains: [1, 0, 1, 0, 1, 0, 2] },
  ];
  const alone = [];
  for (const request of requests) alone.push((await stylize(model, request)).images[0]?.pixels);
  expect(await stylizeBatch(model, requests)).toEqual(alone);
  const textOnly = requests.map((request): StylizeInput => ({ ...request, references: [], image: "off" }));
  expect((await stylizeBatch(model, textOnly))[2]).toEqual((await stylize(model, textOnly[2] ?? {})).images[0]?.pixels);
  await model.close();
});

test("requests that cannot be sampled side by side are refused by name", async () => {
  const model = await openModel(join(folder, "joint"), runtime);
  const one: StylizeInput = { ...common, seed: 1, image: "on" };
  expect(await codeOf(() => stylizeBatch(model, [one, { ...one, steps: 4 }]))).toBe("batch_mixed");
  expect(await codeOf(() => stylizeBatch(model, [one, { ...one, count: 2 }]))).toBe("batch_mixed");
  expect(await codeOf(() => stylizeBatch(model, [{ ...common }]))).toBe("batch_mixed");
  expect(await stylizeBatch(model, [])).toEqual([]);
  await model.close();
});
