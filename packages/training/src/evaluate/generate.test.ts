import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostImage, stylize } from "@deadiff/core";
import type { StylizeInput } from "@deadiff/core";
import { writeRandomBundle } from "@deadiff/core/node";
import { inlineRuntime } from "@deadiff/core/ort";
import { afterAll, beforeAll, expect, test } from "vitest";
import { throughAutoencoder } from "./autoencoder.ts";
import { createGenerator } from "./generate.ts";
import { openJudged } from "./models.ts";

let folder: string;
let runtime: Awaited<ReturnType<typeof inlineRuntime>>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "deadiff-generate-"));
  await writeRandomBundle(join(folder, "tiny"), { size: 32 });
  runtime = await inlineRuntime({ threads: 1 });
});
afterAll(async () => {
  await runtime.close();
  await rm(folder, { recursive: true });
});

const image = (seed: number) => hostImage(16, 16, Uint8Array.from({ length: 768 }, (_, i) => (i * seed) % 256));
const requests = Array.from({ length: 10 }, (_, i): StylizeInput => ({ prompt: "a cat", seed: i, steps: 2, references: [{ image: image(3 + i) }], image: "on" }));

test("pictures are the product's own, made once, and kept by model and request", async () => {
  const judged = await openJudged(runtime, join(folder, "tiny"));
  const first = createGenerator(join(folder, "kept"), () => undefined);
  const pictures = await first.generate(judged, "ten", requests);
  expect(first.made.pictures).toBe(10);
  expect(pictures[9]).toEqual((await stylize(judged.model, requests[9] ?? {})).images[0]?.pixels);

  const lines: string[] = [];
  const again = createGenerator(join(folder, "kept"), (line) => lines.push(line));
  expect(await again.generate(judged, "ten", requests)).toEqual(pictures);
  expect(again.made.pictures).toBe(0);
  // Another reference, setting or layer map is another picture.
  await again.generate(judged, "other reference", [{ ...requests[0], references: [{ image: image(50) }] }]);
  await again.generate(judged, "other strength", [{ ...requests[0], strength: 0.5 }]);
  const mapped = await openJudged(runtime, join(folder, "tiny"), judged.model.config.layerMap.map(() => "style"));
  await again.generate(mapped, "other map", requests.slice(0, 1));
  expect(again.made.pictures).toBe(3);
  expect(lines.at(-1)).toMatch(/^other map: 1 of 1/);
});

test("the autoencoder's ceiling keeps the number and size of pictures", async () => {
  const { model } = await openJudged(runtime, join(folder, "tiny"));
  const [one, two] = await throughAutoencoder(model, [1, 2].map((seed) => hostImage(32, 32, Uint8Array.from({ length: 3072 }, (_, i) => (i * seed) % 256))));
  expect([one?.width, two?.height]).toEqual([32, 32]);
  expect(one).not.toEqual(two);
});
