import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { bindParams, clipPixels, DeadiffError, deadiffSpec, fitImage, pixelsSigned, PROFILES, simplify, trace, visionTokens } from "@deadiff/core";
import type { Branch, HostTensor, Model, Runtime, Session } from "@deadiff/core";
import { decodeImage, openSafetensorsFile, sessionSource, tensorToWrite, writeSafetensorsFile } from "@deadiff/core/node";
import type { ModelWeights } from "@deadiff/core/node";
import { visionInputs } from "../stages/deadiff.ts";
import type { FolderPicture } from "./manifest.ts";

/** What a picture is to training, computed once: `x0`, its scaled latent, and its vision tokens. */
export type Encoded = Readonly<Record<string, HostTensor>>;

/**
 * Encodes every picture by the frozen networks and keeps the results in a folder, a file each: what is there already is not
 * computed again. As a target a picture is cut to a square of the model's size; as a reference it is stretched, like the
 * product does.
 *
 * @returns the file of each picture
 */
export async function encodePictures(runtime: Runtime, model: Model, weights: ModelWeights, pictures: readonly FolderPicture[], folder: string, log: (line: string) => void): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const vision = new Map<string, Session>();
  const files: string[] = [];
  for (const [i, { path }] of pictures.entries()) {
    const bytes = await readFile(path);
    const file = join(folder, `${createHash("sha256").update(weights.hash).update(String(model.sizes.default)).update(bytes).digest("hex")}.safetensors`);
    files.push(file);
    if (existsSync(file)) continue;
    const image = await decodeImage(bytes);
    const { default: side } = model.sizes;
    const { latent } = await model.run("vae-encode", { pixels: pixelsSigned(fitImage(image, side, side, "crop")) });
    if (latent === undefined) throw new DeadiffError("run_output_unknown", "the autoencoder gave no latent");
    const encoded: Record<string, HostTensor> = { x0: latent };
    const { imageSize } = model.config.vision;
    for (const name of visionInputs(model.config)) {
      const session = vision.get(name) ?? await openVision(runtime, model, weights, name === "content vision" ? "content" : "style");
      vision.set(name, session);
      const { tokens } = await session.run({ image: clipPixels(fitImage(image, imageSize, imageSize, "stretch")) });
      if (tokens !== undefined) encoded[name] = tokens;
    }
    await writeSafetensorsFile(file, Object.entries(encoded).map(([name, tensor]) => tensorToWrite(name, tensor)));
    if ((i + 1) % 20 === 0 || i + 1 === pictures.length) log(`encoded ${i + 1} of ${pictures.length} pictures`);
  }
  for (const session of vision.values()) await session.close();
  return files;
}

function openVision(runtime: Runtime, { config: c }: Model, weights: ModelWeights, branch: Branch): Promise<Session> {
  const graph = simplify(trace(`vision-${branch}`, { image: { shape: [1, 3, c.vision.imageSize, c.vision.imageSize] } }, ({ image }) => ({
    tokens: visionTokens(bindParams(deadiffSpec(c).image, "image"), c, branch, image),
  })));
  return runtime.open(sessionSource(graph, weights, PROFILES[runtime.provider.name]));
}

/** Reads an encoded picture. */
export async function readEncoded(file: string): Promise<Encoded> {
  const stored = await openSafetensorsFile(file);
  try {
    const tensors: Record<string, HostTensor> = {};
    for (const name of stored.tensors.keys()) tensors[name] = await stored.read(name);
    return tensors;
  } finally {
    await stored.close();
  }
}

/** Text tokens of each distinct text, each row-major [T, E]. */
export async function encodeFolderTexts(model: Model, texts: readonly string[]): Promise<ReadonlyMap<string, Float32Array>> {
  const tokenizer = await model.tokenizer();
  const tokens = new Map<string, Float32Array>();
  for (const text of new Set(texts)) {
    const ids = BigInt64Array.from(tokenizer.encode(text).ids, BigInt);
    const encoded = (await model.run("text", { ids: { dtype: "int64", dims: [1, ids.length], data: ids } }))["text"];
    if (encoded?.dtype !== "float32") throw new DeadiffError("run_output_unknown", "the text encoder gave no tokens");
    tokens.set(text, encoded.data);
  }
  return tokens;
}
