import { DeadiffError } from "../errors.ts";
import { elementCount, isStoredDType, storedBytes } from "./dtype.ts";
import { findDuplicateKey } from "./duplicate-key.ts";
import type { TensorInfo } from "./tensor-source.ts";

/** Where a tensor lies: bytes `[begin, end)` of the data section. */
export type TensorPlace = TensorInfo & { readonly begin: number; readonly end: number };

/** A checked safetensors header: tensors in the order of their bytes, free text beside. */
export type SafetensorsHeader = { readonly tensors: readonly TensorPlace[]; readonly metadata: ReadonlyMap<string, string> };

/** The format's own limit on the header's length in bytes. */
export const maxHeaderBytes = 100_000_000;

/** Bytes in front of the header: its length, as a little-endian unsigned 64-bit number. */
export const prefixBytes = 8;

const fail = (code: string, message: string, cause?: unknown): never => {
  throw new DeadiffError(`safetensors_${code}`, message, { cause });
};

/**
 * Length of the header that the first 8 bytes of a file of `fileBytes` announce.
 * Fails with `safetensors_truncated` or `safetensors_header_too_large`.
 */
export function headerLength(prefix: Uint8Array, fileBytes: number): number {
  if (prefix.byteLength < prefixBytes) fail("truncated", `the file has ${fileBytes} bytes, fewer than the 8 that hold the header's length`);
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length > BigInt(maxHeaderBytes)) fail("header_too_large", `the header claims ${length.toString()} bytes, the limit is ${maxHeaderBytes}; this may be no safetensors file`);
  if (Number(length) > fileBytes - prefixBytes) fail("truncated", `the header takes ${length.toString()} bytes, the file has ${fileBytes - prefixBytes} after the length`);
  return Number(length);
}

/**
 * Parses the JSON header of a safetensors file with `dataBytes` bytes behind it, and checks every rule of the format:
 * unique keys, known types, whole dimensions, and tensors that fill the data section without hole or overlap.
 * Fails with a `safetensors_*` code. Source: the format description of huggingface/safetensors (README.md, "Format").
 */
export function parseHeader(header: Uint8Array, dataBytes: number): SafetensorsHeader {
  const json = decodeHeader(header);
  let root: unknown;
  try {
    root = JSON.parse(json);
  } catch (cause) {
    fail("header_not_json", "the header is not JSON", cause);
  }
  const duplicate = findDuplicateKey(json);
  if (duplicate !== undefined) fail("duplicate_key", `the header holds ${JSON.stringify(duplicate)} twice`);
  const { __metadata__: metadata, ...entries } = root as Record<string, unknown>;
  const tensors = Object.entries(entries).map(([name, entry]) => parseEntry(name, entry));
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);
  requireContiguous(tensors, dataBytes);
  return { tensors, metadata: parseMetadata(metadata) };
}

function decodeHeader(header: Uint8Array): string {
  if (header[0] !== 0x7b) fail("header_not_object", "the header does not start with {");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(header);
  } catch (cause) {
    return fail("header_not_json", "the header is not UTF-8 text", cause);
  }
}

function parseMetadata(metadata: unknown): ReadonlyMap<string, string> {
  if (metadata === undefined) return new Map();
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) return fail("bad_metadata", "__metadata__ is not an object");
  return new Map(Object.entries(metadata).map(([key, value]) => [key, typeof value === "string" ? value : fail("bad_metadata", `__metadata__.${key} is not text`)]));
}

function parseEntry(name: string, entry: unknown): TensorPlace {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return fail("bad_entry", `${name}: expected an object with dtype, shape and data_offsets`);
  const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>;
  if (!isStoredDType(dtype)) return fail("unknown_dtype", `${name}: dtype ${JSON.stringify(dtype)} is not one of ${Object.keys(storedBytes).join(", ")}`);
  const count = Array.isArray(shape) ? elementCount(shape) : undefined;
  if (count === undefined) return fail("bad_shape", `${name}: shape ${JSON.stringify(shape)} is not a list of whole numbers >= 0`);
  const [begin, end, ...rest] = Array.isArray(offsets) ? (offsets as unknown[]) : [];
  if (!isOffset(begin) || !isOffset(end) || begin > end || rest.length > 0) return fail("bad_offsets", `${name}: data_offsets ${JSON.stringify(offsets)} are not two whole numbers in order`);
  const dims = shape as number[];
  if (end - begin !== count * storedBytes[dtype]) fail("size_mismatch", `${name}: ${dtype} [${dims.join(", ")}] takes ${count * storedBytes[dtype]} bytes, its offsets span ${end - begin}`);
  return { name, dtype, dims, begin, end };
}

const isOffset = (value: unknown): value is number => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

/** Checks that `tensors`, sorted by offset, cover `[0, dataBytes)` exactly once. */
function requireContiguous(tensors: readonly TensorPlace[], dataBytes: number): void {
  let covered = 0;
  for (const { name, begin, end } of tensors) {
    if (begin < covered) fail("overlap", `${name}: starts at ${begin}, inside the tensor before it, which ends at ${covered}`);
    if (begin > covered) fail("hole", `${name}: starts at ${begin}, ${begin - covered} bytes after the tensor before it; the format allows no holes`);
    if (end > dataBytes) fail("truncated", `${name}: ends at ${end}, the data section has ${dataBytes} bytes: the file is cut short or its offsets are wrong`);
    covered = end;
  }
  if (covered < dataBytes) fail("trailing_bytes", `${dataBytes - covered} bytes follow the last tensor`);
}
