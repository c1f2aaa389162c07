import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DeadiffError } from "../errors.ts";
import { deadiffSpec } from "../models/deadiff.ts";
import type { DeadiffConfig } from "../models/deadiff.ts";
import { listParams } from "../models/params.ts";
import { SD15_PREVIEW } from "../pipeline/preview.ts";
import { SD15 } from "../presets.ts";
import type { BundleManifest } from "../weights/bundle.ts";
import { elementCount } from "../weights/dtype.ts";
import type { StoredDType } from "../weights/dtype.ts";
import { float16Values, storedTensor } from "../weights/host-tensor.ts";
import { foreignKeys, isKnownExtra } from "../weights/key-map.ts";
import type { ForeignKey } from "../weights/key-map.ts";
import { encodeSafetensors } from "../weights/safetensors-write.ts";
import type { TensorToWrite } from "../weights/safetensors-write.ts";
import type { TensorSource } from "../weights/tensor-source.ts";
import { sha256OfFile } from "./hash-file.ts";
import { openWeightFile } from "./weight-file.ts";
import { requireReplaceable, writeBundle } from "./write-bundle.ts";
import type { BundleDescription } from "./write-bundle.ts";

export type ImportOptions = {
  /** `deadiff_v1.ckpt`, or a safetensors file with the same keys. */
  checkpoint: string;
  /** A folder with CLIP's `vocab.json` and `merges.txt`; without one the bundle cannot read prompts and is refused. */
  tokenizer: string;
  /** The bundle's folder. */
  out: string;
  config: DeadiffConfig;
  /** Side lengths of pictures, pixels. */
  sizes: BundleManifest<unknown>["sizes"];
  /** What weights are stored in: as the file has them, or halved. */
  dtype?: "keep" | "float16";
  overwrite?: boolean;
  onProgress?: (written: number, total: number) => void;
};

/** The one weights file of a bundle. */
const WEIGHTS = "weights.safetensors";

/**
 * Turns the authors' checkpoint into a model bundle; nothing in the file is executed.
 *
 * @throws DeadiffError `checkpoint_keys` listing missing, unexpected and misshapen tensors; `weights_not_finite`;
 *   `tokenizer_missing`; `config_invalid`; the codes of the weight readers and of `writeBundle`. Nothing is written then.
 */
export async function importCheckpoint(options: ImportOptions): Promise<BundleManifest<DeadiffConfig>> {
  await requireReplaceable(options.out, options.overwrite ?? false); // before gigabytes are read
  const source = await openWeightFile(options.checkpoint);
  try {
    const config = await withSharedVision(source, options.config);
    const keys = checkKeys(source, config, options.config);
    const tokenizer = await readTokenizer(options.tokenizer);
    const half = options.dtype === "float16";
    const tensors = listParams(deadiffSpec(config)).map(({ name, spec: { shape } }): TensorToWrite => {
      const from = keyOf(keys, name);
      const stored = source.tensors.get(from.key)?.dtype ?? "F32";
      const dtype: StoredDType = half || stored === "F16" ? "F16" : "F32";
      return { name, dtype, dims: shape, bytes: () => readParam(source, name, from, dtype) };
    });
    const description: BundleDescription<DeadiffConfig> = {
      name: config.name, version: "1", preset: config.name, config,
      modes: ["style", "content", "both"],
      sizes: options.sizes,
      // The autoencoder is Stable Diffusion 1.x's where its channels and scale are.
      ...(config.vae.latentChannels === 4 && config.vae.scale === SD15.vae.scale && { preview: SD15_PREVIEW }),
      tokenizer: { kind: "clip-bpe", files: { vocab: "tokenizer/vocab.json", merges: "tokenizer/merges.txt" } },
      weights: [WEIGHTS],
      licence: { name: "CreativeML Open RAIL-M (weights of Stable Diffusion 1.5); see the checkpoint's own terms" },
      provenance: { madeBy: "deadiff import", sources: [{ name: options.checkpoint.split(/[\\/]/).at(-1) ?? "checkpoint", sha256: await sha256OfFile(options.checkpoint) }] },
    };
    return await writeBundle(options.out, description, async (write) => {
      await write("tokenizer/vocab.json", [tokenizer.vocab]);
      await write("tokenizer/merges.txt", [tokenizer.merges]);
      await write(WEIGHTS, counted(encodeSafetensors(tensors), tensors, options.onProgress));
    }, { overwrite: options.overwrite ?? false });
  } finally {
    await source.close();
  }
}

const keyOf = (keys: ReadonlyMap<string, ForeignKey>, name: string): ForeignKey => {
  const key = keys.get(name);
  if (key === undefined) throw new DeadiffError("checkpoint_keys", `no key is known for ${name}`);
  return key;
};

/** The released file holds the frozen vision encoder twice; where both copies are equal, one is kept. */
async function withSharedVision(source: TensorSource, config: DeadiffConfig): Promise<DeadiffConfig> {
  if (config.sharedVision) return config;
  const keys = foreignKeys(config);
  const twins = new Map([...keys].filter(([name]) => name.startsWith("image.content.vision."))
    .map(([name, { key }]) => [key, keyOf(keys, name.replace("content", "style")).key]));
  for (const [key, twin] of twins) {
    if (!source.tensors.has(key) || !source.tensors.has(twin)) return config; // Missing keys are reported by checkKeys.
    const [a, b] = [storedTensor(await source.read(key)).bytes, storedTensor(await source.read(twin)).bytes];
    if (Buffer.compare(a, b) !== 0) return config;
  }
  return { ...config, sharedVision: true };
}

function checkKeys(source: TensorSource, config: DeadiffConfig, full: DeadiffConfig): Map<string, ForeignKey> {
  const keys = foreignKeys(config);
  const missing: string[] = [], misshapen: string[] = [];
  const rowsOf = new Map<string, number>();
  for (const [, { key, rows }] of keys) rowsOf.set(key, Math.max(rowsOf.get(key) ?? 0, rows?.[1] ?? 0));
  for (const { name, spec: { shape } } of listParams(deadiffSpec(config))) {
    const { key, rows } = keyOf(keys, name);
    const info = source.tensors.get(key);
    const wanted = rows === undefined ? shape : [rowsOf.get(key) ?? 0, ...shape.slice(1)];
    if (info === undefined) missing.push(key);
    else if (info.dims.join() !== wanted.join()) misshapen.push(`${key} is [${info.dims.join(", ")}], expected [${wanted.join(", ")}]`);
  }
  const known = new Set([...foreignKeys(full).values()].map(({ key }) => key));
  const unexpected = [...source.tensors.keys()].filter((key) => !known.has(key) && !isKnownExtra(key));
  const found = [["missing", missing], ["misshapen", misshapen], ["unexpected", unexpected]] as const;
  const problems = found.filter(([, list]) => list.length > 0);
  if (problems.length > 0) {
    const text = problems.map(([what, list]) => `${list.length} ${what}: ${[...new Set(list)].slice(0, 8).join("; ")}${list.length > 8 ? "; ..." : ""}`).join("\n");
    throw new DeadiffError("checkpoint_keys", `the checkpoint does not fit the configuration ${config.name}\n${text}`, { context: { missing, misshapen, unexpected } });
  }
  return keys;
}

/** A parameter's bytes in the stored type: the whole foreign tensor, or its rows. */
async function readParam(source: TensorSource, name: string, { key, rows }: ForeignKey, dtype: StoredDType): Promise<Uint8Array> {
  const tensor = await source.read(key);
  const bytes = storedTensor(dtype === "F16" ? { dtype: "float16", dims: tensor.dims, data: float16Values(name, tensor) } : tensor).bytes;
  if (rows === undefined) return bytes;
  const rowBytes = bytes.byteLength / (tensor.dims[0] ?? 1);
  return bytes.slice(rows[0] * rowBytes, rows[1] * rowBytes);
}

async function readTokenizer(folder: string): Promise<{ vocab: Uint8Array; merges: Uint8Array }> {
  const read = (file: string): Promise<Uint8Array> => readFile(join(folder, file)).catch((cause: unknown) => {
    throw new DeadiffError("tokenizer_missing", `${folder} has no ${file}: give the tokenizer folder of Stable Diffusion 1.5 (vocab.json, merges.txt)`, { cause });
  });
  return { vocab: await read("vocab.json"), merges: await read("merges.txt") };
}

async function* counted(chunks: AsyncIterable<Uint8Array>, tensors: readonly TensorToWrite[], onProgress?: (written: number, total: number) => void): AsyncIterable<Uint8Array> {
  const total = tensors.reduce((sum, { dims, dtype }) => sum + (elementCount(dims) ?? 0) * (dtype === "F16" ? 2 : 4), 0);
  let written = 0;
  for await (const chunk of chunks) {
    yield chunk;
    written += chunk.byteLength;
    onProgress?.(Math.min(written, total), total);
  }
}
