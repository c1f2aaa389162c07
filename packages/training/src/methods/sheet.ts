import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fitImage, stylizeBatch } from "@deadiff/core";
import type { DeadiffConfig, HostImage, Runtime, StylizeInput } from "@deadiff/core";
import { decodeImage, openModel } from "@deadiff/core/node";
import { ROOT_FOLDER } from "../data/paths.ts";
import { writeSheet } from "../stages/sheets.ts";
import type { Weights } from "../train/trainer.ts";
import { writeTrainedBundle } from "./trained-bundle.ts";

const MINI_FOLDER = join(ROOT_FOLDER, "models/mini");
const REFERENCES = ["neon-guitar", "watercolour-fox", "pop-art-rocket", "sticker-turtle", "blueprint-castle"];
/** Asked of each reference: its style on these subjects, its subject in these styles. */
const PROMPTS = ["a mushroom", "a car", "a dog face"];
const STYLES = ["twemoji style, neon sign", "flat emoji, pixel art", "watercolour painting"];
const SEED = 1;

/**
 * Draws what a person would look at of a method in training: some of mini's references, their styles on fixed prompts, and,
 * where the method has a content branch, their subjects in styles told in words. Fixed seed; made by the product's pipeline.
 *
 * @param weights all weights of the method's network
 */
export async function drawMethodSheet(runtime: Runtime, config: DeadiffConfig, weights: Weights, file: string): Promise<void> {
  const bundle = `${file}.bundle`;
  try {
    await writeTrainedBundle(MINI_FOLDER, bundle, { config, weights, note: "a run's weights so far, for its sheet" });
    const model = await openModel(bundle, runtime);
    const styles = config.layerMap.some((tokens) => tokens !== "style") ? STYLES : [];
    const side = model.sizes.default;
    const rows = [];
    for (const name of REFERENCES) {
      const picture = await decodeImage(await readFile(join(MINI_FOLDER, `references/${name}.png`)));
      const made = await stylizeBatch(model, [
        ...PROMPTS.map((prompt): StylizeInput => ({ prompt, seed: SEED, references: [{ image: picture }] })),
        ...styles.map((prompt): StylizeInput => ({ prompt, seed: SEED, references: [{ image: picture, mode: "content" }] })),
      ]);
      rows.push({ label: "", tiles: [fitImage(picture, side, side, "stretch"), ...made].map(({ data }: HostImage) => ({ side, rgb: data })) });
    }
    await model.close();
    await writeSheet(file, rows, ["reference", ...PROMPTS, ...styles]);
  } finally {
    await rm(bundle, { recursive: true, force: true });
  }
}
