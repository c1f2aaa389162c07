import { readFile } from "node:fs/promises";
import { DeadiffError } from "../errors.ts";
import { PROFILES } from "../graph/onnx/profile.ts";
import type { Branch, DeadiffConfig } from "../models/deadiff.ts";
import { graphNamed } from "../pipeline/graphs.ts";
import type { GraphName } from "../pipeline/graphs.ts";
import type { Model } from "../pipeline/model.ts";
import { sessionPool } from "../pipeline/session-pool.ts";
import { deadiffConfigSchema } from "../presets.ts";
import type { Runtime } from "../session.ts";
import { createClipTokenizer } from "../text/clip-tokenizer.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { createWordTokenizer, parseWordVocabulary } from "../text/word-tokenizer.ts";
import { encoderHash } from "./encoder-hash.ts";
import { modelWeights, sessionSource } from "./model-weights.ts";
import { openBundle } from "./open-bundle.ts";
import type { Bundle, Verification } from "./open-bundle.ts";

export type OpenModelOptions = Verification & {
  /** Other tokens for the cross-attention layers than the bundle was trained with: for experiments. */
  layerMap?: readonly (Branch | "both")[];
};

/**
 * Opens a bundle as a model. Graphs are traced and loaded when they are first run, the weights stay in their file.
 *
 * @throws DeadiffError the codes of `openBundle` and of safetensors headers; `bundle_invalid` for a layer map or preview that does not fit
 */
export async function openModel(folder: string, runtime: Runtime, { layerMap, ...verification }: OpenModelOptions = {}): Promise<Model> {
  const bundle = await openBundle(folder, { config: deadiffConfigSchema, ...verification });
  const { manifest } = bundle;
  const config = withLayerMap(manifest.config, layerMap);
  if (manifest.preview !== undefined && manifest.preview.factors.length !== config.vae.latentChannels) {
    throw new DeadiffError("bundle_invalid", `the preview has factors for ${manifest.preview.factors.length} latent channels, the model has ${config.vae.latentChannels}`);
  }
  const weights = await modelWeights(bundle);
  const profile = PROFILES[runtime.provider.name];
  const pool = sessionPool((graph: GraphName) => runtime.open(sessionSource(graphNamed(config, graph), weights, profile)));
  return {
    name: manifest.name, version: manifest.version, preset: manifest.preset, config, sizes: manifest.sizes, modes: manifest.modes,
    provider: runtime.provider.name,
    preview: manifest.preview ?? null,
    tokenizer: once(() => readTokenizer(bundle)),
    encoderHash: once(() => encoderHash(config, manifest.weights.map((file) => bundle.path(file)))),
    run: pool.run,
    warm: pool.warm,
    drop: (kept) => runtime.drop(kept),
    release: pool.release,
    close: () => pool.release(),
  };
}

/** A result that is worked out when first asked for; a failure is worked out again. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work().catch((error: unknown) => {
      result = undefined;
      throw error;
    });
    return result;
  };
}

function withLayerMap(config: DeadiffConfig, layerMap: readonly (Branch | "both")[] | undefined): DeadiffConfig {
  if (layerMap === undefined) return config;
  if (layerMap.length !== config.layerMap.length) {
    throw new DeadiffError("bundle_invalid", `a layer map of ${layerMap.length} layers was given for a model of ${config.layerMap.length}`);
  }
  return { ...config, layerMap };
}

async function readTokenizer(bundle: Bundle<DeadiffConfig>): Promise<Tokenizer> {
  const { config, tokenizer: described } = bundle.manifest;
  const read = (file: string): Promise<string> => readFile(bundle.path(file), "utf8");
  const tokenizer = described.kind === "words"
    ? createWordTokenizer(parseWordVocabulary(await read(described.files.words)))
    : createClipTokenizer({ vocab: await read(described.files.vocab), merges: await read(described.files.merges) }, config.text.context);
  const { vocabulary, context } = config.text;
  if (tokenizer.contextLength !== context || tokenizer.vocabularySize > vocabulary) {
    throw new DeadiffError("tokenizer_mismatch", `the tokenizer makes ${tokenizer.contextLength} ids below ${tokenizer.vocabularySize}, the text encoder reads ${context} below ${vocabulary}`);
  }
  return tokenizer;
}
