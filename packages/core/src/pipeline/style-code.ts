/**
 * Style codes: a reference's image tokens, so that a style can be kept, sent and mixed without its picture. A code is
 * good for the very encoder that made it, which it names.
 */
import { DeadiffError } from "../errors.ts";
import { fitImage } from "../image/fit.ts";
import type { ImageFit } from "../image/fit.ts";
import type { HostImage } from "../image/host-image.ts";
import { clipPixels } from "../image/pixels.ts";
import { BRANCHES } from "../models/deadiff.ts";
import type { Branch } from "../models/deadiff.ts";
import { memorySource } from "../weights/byte-source.ts";
import { float32ToHalf, halfToFloat32 } from "../weights/half.ts";
import { encodeSafetensors, tensorToWrite } from "../weights/safetensors-write.ts";
import { openSafetensors } from "../weights/safetensors.ts";
import type { Model } from "./model.ts";
import { float32Output } from "./outputs.ts";
import { meanTokens } from "./tokens.ts";
import type { BranchTokens } from "./tokens.ts";

/** A reference's tokens, one or both branches, each value exactly a float16. */
export type StyleCode = {
  readonly kind: "style-code";
  /** The encoder's hash: see `Model.encoderHash`. */
  readonly encoder: string;
  /** Tokens of a branch, Q. */
  readonly queries: number;
  /** Numbers of a token, E. */
  readonly width: number;
  /** Row-major [Q, E]. */
  readonly tokens: BranchTokens;
};

/** Whether a value is a style code (of whatever encoder). */
export const isStyleCode = (x: unknown): x is StyleCode => typeof x === "object" && x !== null && "kind" in x && x.kind === "style-code";

/** What a style code's file says of itself. */
const FORMAT = "deadiff-style";
const FORMAT_VERSION = "1";
/** A code of SD 1.5 with both branches takes 53 kB; nothing near this is one. */
const maxBytes = 4 << 20;

/** Reads a picture into a code. The codes of failure are those of `Model.run`. */
export async function makeStyleCode(model: Model, image: HostImage, options: { branches?: readonly Branch[]; fit?: ImageFit } = {}): Promise<StyleCode> {
  const { queries } = model.config.qFormer;
  const { contextWidth: width } = model.config.unet;
  const tokens: Partial<Record<Branch, Float32Array>> = {};
  for (const branch of options.branches ?? BRANCHES) {
    // Rounded at once: a code acts the same before and after it is saved.
    tokens[branch] = halfToFloat32(float32ToHalf(await referenceTokens(model, branch, image, options.fit ?? "stretch")));
  }
  return { kind: "style-code", encoder: await model.encoderHash(), queries, width, tokens };
}

/** The image tokens of a picture under one condition, row-major [Q, E]. */
export async function referenceTokens(model: Model, branch: Branch, image: HostImage, fit: ImageFit): Promise<Float32Array> {
  const side = model.config.vision.imageSize;
  const outputs = await model.run(`reference-${branch}`, { image: clipPixels(fitImage(image, side, side, fit)) });
  return float32Output(outputs, "tokens");
}

/** @throws DeadiffError `style_code_version` unless the code was made by the model's encoder */
export async function requireEncoder(code: StyleCode, model: Model): Promise<void> {
  const encoder = await model.encoderHash();
  if (code.encoder !== encoder) {
    throw new DeadiffError("style_code_version", `the style code was made by encoder ${code.encoder.slice(0, 12)}, the model ${model.name} ${model.version} has encoder ${encoder.slice(0, 12)}: make the code again from its picture`);
  }
}

/** A code as a file: safetensors with float16 tokens, some 4 kB more than they take (24 kB a branch at SD 1.5). */
export async function encodeStyleCode({ encoder, queries, width, tokens }: StyleCode): Promise<Uint8Array> {
  const tensors = BRANCHES.flatMap((branch) => {
    const values = tokens[branch];
    return values === undefined ? [] : [tensorToWrite(branch, { dtype: "float16", dims: [queries, width], data: float32ToHalf(values) })];
  });
  const parts: Uint8Array[] = [];
  for await (const part of encodeSafetensors(tensors, { format: FORMAT, format_version: FORMAT_VERSION, encoder })) parts.push(part);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** @throws DeadiffError `style_code_invalid` for anything but a whole style code */
export async function decodeStyleCode(bytes: Uint8Array): Promise<StyleCode> {
  if (bytes.length > maxBytes) throw invalid(`it has ${bytes.length} bytes`);
  try {
    return await readCode(bytes);
  } catch (cause) {
    if (cause instanceof DeadiffError && cause.code.startsWith("style_code")) throw cause;
    throw invalid(cause instanceof Error ? cause.message : "it cannot be read", cause);
  }
}

async function readCode(bytes: Uint8Array): Promise<StyleCode> {
  const file = await openSafetensors(memorySource(bytes));
  const format = file.metadata.get("format");
  const version = file.metadata.get("format_version");
  if (format !== FORMAT || version !== FORMAT_VERSION) throw invalid(`its format is ${String(format)} ${String(version)}, this program reads ${FORMAT} ${FORMAT_VERSION}`);
  const encoder = file.metadata.get("encoder") ?? "";
  if (!/^[0-9a-f]{64}$/u.test(encoder)) throw invalid("it does not name its encoder");
  const unknown = [...file.tensors.keys()].filter((name) => !BRANCHES.some((branch) => branch === name));
  const first = [...file.tensors.values()][0];
  if (unknown.length > 0 || first === undefined) throw invalid(unknown.length > 0 ? `it holds ${unknown.join(", ")}` : "it holds no tokens");
  const [queries = 0, width = 0] = first.dims;
  const tokens: Partial<Record<Branch, Float32Array>> = {};
  for (const branch of BRANCHES) {
    if (!file.tensors.has(branch)) continue;
    const tensor = await file.read(branch);
    if (tensor.dtype !== "float16" || tensor.dims.length !== 2 || tensor.dims[0] !== queries || tensor.dims[1] !== width || queries * width === 0) {
      throw invalid(`its ${branch} tokens are ${tensor.dtype} [${tensor.dims.join(", ")}]`);
    }
    const values = halfToFloat32(tensor.data);
    if (!values.every(Number.isFinite)) throw invalid(`its ${branch} tokens are not all finite`);
    tokens[branch] = values;
  }
  return { kind: "style-code", encoder, queries, width, tokens };
}

const invalid = (what: string, cause?: unknown): DeadiffError => new DeadiffError("style_code_invalid", `not a style code that can be read: ${what}`, { cause });

/** A code as text, for places that hold no bytes. */
export async function styleCodeToBase64(code: StyleCode): Promise<string> {
  return btoa(Array.from(await encodeStyleCode(code), (byte) => String.fromCharCode(byte)).join(""));
}

/** @throws DeadiffError `style_code_invalid` */
export async function styleCodeFromBase64(text: string): Promise<StyleCode> {
  if (text.length > 2 * maxBytes) throw invalid(`it has ${text.length} characters`);
  let binary: string;
  try {
    binary = atob(text);
  } catch (cause) {
    throw invalid("it is not base64", cause);
  }
  return decodeStyleCode(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
}

/**
 * Mixes codes: per branch, the weighted mean of the tokens of those that have it. Keys and values are linear in the
 * tokens, so the mean of codes is the mean of the keys and values they make; that is also why there is no spherical
 * mixing here: nothing normalises the tokens on their way.
 *
 * @param weights 0 or more each, not all 0
 * @throws DeadiffError `style_code_version` for codes of different encoders, `style_code_weights`
 */
export function blendStyleCodes(codes: readonly StyleCode[], weights: readonly number[]): StyleCode {
  const [first] = codes;
  const fits = weights.length === codes.length && weights.every((w) => Number.isFinite(w) && w >= 0) && weights.some((w) => w > 0);
  if (first === undefined || !fits) throw new DeadiffError("style_code_weights", `${codes.length} codes need as many weights of 0 or more, one above 0; got [${weights.join(", ")}]`);
  for (const { encoder, queries, width } of codes) {
    if (encoder !== first.encoder || queries !== first.queries || width !== first.width) {
      throw new DeadiffError("style_code_version", "the style codes were made by different encoders and cannot be mixed");
    }
  }
  const tokens: Partial<Record<Branch, Float32Array>> = {};
  for (const branch of BRANCHES) {
    const mixed = meanTokens(codes.map((code, i) => ({ tokens: code.tokens[branch], weight: weights[i] ?? 0 })));
    if (mixed !== null) tokens[branch] = halfToFloat32(float32ToHalf(mixed));
  }
  return { ...first, tokens };
}

/**
 * A code on the way from `from` (amount 0) to `to` (amount 1): a blend, so linear.
 *
 * @throws DeadiffError `style_code_version`, `style_code_weights` for an amount outside 0..1
 */
export const interpolateStyleCodes = (from: StyleCode, to: StyleCode, amount: number): StyleCode => blendStyleCodes([from, to], [1 - amount, amount]);
