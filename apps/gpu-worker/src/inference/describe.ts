import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { countParams, deadiffConfigSchema, deadiffSpec, GAIN_PRESETS, layerGains, SAMPLER_NAMES, samplingDefaults, SPACINGS, splitWords, type GainPreset, type Model } from "@deadiff/core";
import { openBundle } from "@deadiff/core/node";
import type { ModelAbout } from "@deadiff/schemas/contracts";
import { z } from "zod";

const GAIN_TEXTS: Readonly<Record<GainPreset, { title: string; description: string }>> = {
  default: { title: "Even", description: "Every layer listens to the references alike." },
  fine: { title: "Fine", description: "Only the layers at full resolution listen: colour and stroke, little shape." },
  instant_style: { title: "Style block", description: "Only the first upward level listens, the one that carries most of the style." },
  strong: { title: "Strong", description: "All levels but the last downward one listen." },
};

/** The named gains that fit the model's layers. */
const gainPresets = (layers: number): ModelAbout["gain_presets"] =>
  GAIN_PRESETS.filter((name) => name === "default" || layers === 16).map((name) => ({ name, ...GAIN_TEXTS[name], gains: layerGains(name, layers) }));

const presetsOf = (defaults: ModelAbout["defaults"]): ModelAbout["presets"] => [
  { name: "fast", title: "Fast", description: "A sketch: eight steps.", settings: { ...defaults, sampler: "dpmpp_2m", steps: 8 } },
  { name: "balanced", title: "Balanced", description: "What the model is tuned for.", settings: defaults },
  { name: "faithful", title: "Faithful", description: "As the method's authors sample: fifty steps of DDIM.", settings: { ...defaults, sampler: "ddim", spacing: "normal", steps: 50 } },
];

const wordsSchema = z.object({ words: z.array(z.string()), contextLength: z.int() });
const subjectsSchema = z.record(z.string(), z.array(z.string()));

/** The words of a model of a closed world, and the subjects among them that it was shown (`subjects.json`, where there is one). */
const vocabularyOf = async (folder: string, wordFile: string): Promise<ModelAbout["vocabulary"]> => {
  const { words, contextLength } = wordsSchema.parse(JSON.parse(await readFile(wordFile, "utf8")));
  const known = new Set(words);
  const subjects = await readFile(join(folder, "subjects.json"), "utf8").then((text) => Object.values(subjectsSchema.parse(JSON.parse(text))).flat(), () => []);
  return { words, subjects: subjects.filter((phrase) => splitWords(phrase).every((word) => known.has(word))), context_length: contextLength };
};

/** What a loaded model can do and knows. `folder` is its bundle's. */
export const describeModel = async (model: Model, folder: string): Promise<ModelAbout> => {
  const bundle = await openBundle(folder, { config: deadiffConfigSchema, verify: "sizes" });
  const { manifest } = bundle;
  const { sizes, modes, config } = model;
  const { sampler, spacing, steps, guidance } = samplingDefaults(model.preset);
  const defaults = { sampler, spacing, steps, guidance, prompt_guidance: 0 };
  return {
    name: model.name,
    version: model.version,
    encoder: await model.encoderHash(),
    parameters: countParams(deadiffSpec(config)),
    licence: manifest.licence.name,
    modes: [...modes],
    sizes: { default: sizes.default, min: sizes.min, max: sizes.max, multiple_of: sizes.multipleOf },
    encoder_side: config.vision.imageSize,
    layers: [...config.layerMap],
    samplers: [...SAMPLER_NAMES],
    spacings: [...SPACINGS],
    defaults,
    presets: presetsOf(defaults),
    gain_presets: gainPresets(config.layerMap.length),
    vocabulary: manifest.tokenizer.kind === "words" ? await vocabularyOf(folder, bundle.path(manifest.tokenizer.files.words)) : null,
  };
};
