import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { codeOf } from "../../test/io/code.ts";
import { dice, mutate } from "../../test/io/mutate.ts";
import { memorySource } from "./byte-source.ts";
import { openSafetensors } from "./safetensors.ts";

/** A file of a raw header and data. */
function file(header: string | Uint8Array, dataBytes = 0, announced?: bigint): Uint8Array {
  const json = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const out = new Uint8Array(8 + json.length + dataBytes);
  new DataView(out.buffer).setBigUint64(0, announced ?? BigInt(json.length), true);
  out.set(json, 8);
  return out;
}

const entry = (dtype: string, shape: unknown, begin: unknown, end: unknown): string => JSON.stringify({ dtype, shape, data_offsets: [begin, end] });
const open = (bytes: Uint8Array) => openSafetensors(memorySource(bytes));

const f4 = entry("F32", [1], 0, 4);

describe("every malformed file is refused with the code of its fault", () => {
  test.each<[code: string, fault: string, bytes: Uint8Array]>([
    ["safetensors_truncated", "an empty file", new Uint8Array(0)],
    ["safetensors_truncated", "less than the header's length", new Uint8Array(7)],
    ["safetensors_truncated", "a header longer than the file", file("{}", 0, 3n)],
    ["safetensors_truncated", "offsets past the end", file(`{"a":${f4}}`, 3)],
    ["safetensors_truncated", "no data at all", file(`{"a":${f4}}`, 0)],
    ["safetensors_header_too_large", "a header past the format's limit", file("{}", 0, 100_000_001n)],
    ["safetensors_header_too_large", "a length past 2^53", file("{}", 0, 0xffffffffffffffffn)],
    ["safetensors_header_not_object", "an empty header", file("")],
    ["safetensors_header_not_object", "an array", file("[]")],
    ["safetensors_header_not_object", "white space first", file(" {}")],
    ["safetensors_header_not_object", "a byte order mark", file("\ufeff{}")],
    ["safetensors_header_not_json", "a brace that never closes", file(`{"a":`)],
    ["safetensors_header_not_json", "text that is not UTF-8", file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d))],
    ["safetensors_header_not_json", "nesting without end", file(`{"a":${"[".repeat(500_000)}`)],
    ["safetensors_duplicate_key", "a tensor twice", file(`{"a":${f4},"a":${f4}}`, 4)],
    ["safetensors_duplicate_key", "a tensor twice, once escaped", file(`{"a":${f4},"\\u0061":${f4}}`, 4)],
    ["safetensors_duplicate_key", "a field twice", file(`{"a":{"dtype":"F32","dtype" : "F32","shape":[1],"data_offsets":[0,4]}}`, 4)],
    ["safetensors_bad_metadata", "metadata that is a list", file(`{"__metadata__":[]}`)],
    ["safetensors_bad_metadata", "metadata that is no text", file(`{"__metadata__":{"a":1}}`)],
    ["safetensors_bad_entry", "an entry that is null", file(`{"a":null}`)],
    ["safetensors_unknown_dtype", "a type of no name", file(`{"a":${entry("F33", [1], 0, 4)}}`, 4)],
    ["safetensors_unknown_dtype", "a type named like a property", file(`{"a":${entry("toString", [1], 0, 4)}}`, 4)],
    ["safetensors_bad_shape", "no shape", file(`{"a":${entry("F32", null, 0, 4)}}`, 4)],
    ["safetensors_bad_shape", "a negative dimension", file(`{"a":${entry("F32", [-1], 0, 4)}}`, 4)],
    ["safetensors_bad_shape", "a broken dimension", file(`{"a":${entry("F32", [1.5], 0, 6)}}`, 6)],
    ["safetensors_bad_shape", "a dimension that is text", file(`{"a":${entry("F32", ["1"], 0, 4)}}`, 4)],
    ["safetensors_bad_shape", "a product past 2^53", file(`{"a":${entry("F32", [2 ** 30, 2 ** 30], 0, 4)}}`, 4)],
    ["safetensors_bad_offsets", "offsets in the wrong order", file(`{"a":${entry("F32", [1], 4, 0)}}`, 4)],
    ["safetensors_bad_offsets", "a negative offset", file(`{"a":${entry("F32", [1], -4, 0)}}`, 4)],
    ["safetensors_bad_offsets", "three offsets", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}`, 4)],
    ["safetensors_size_mismatch", "a shape that takes more", file(`{"a":${entry("F32", [2], 0, 4)}}`, 4)],
    ["safetensors_size_mismatch", "a scalar that takes less", file(`{"a":${entry("F32", [], 0, 8)}}`, 8)],
    ["safetensors_overlap", "two tensors over the same bytes", file(`{"a":${entry("F32", [2], 0, 8)},"b":${entry("F32", [1], 4, 8)}}`, 8)],
    ["safetensors_hole", "bytes between tensors", file(`{"a":${f4},"b":${entry("F32", [1], 8, 12)}}`, 12)],
    ["safetensors_hole", "bytes before the first tensor", file(`{"a":${entry("F32", [1], 4, 8)}}`, 8)],
    ["safetensors_trailing_bytes", "bytes after the last tensor", file(`{"a":${f4}}`, 5)],
  ])("%s: %s", async (code, _fault, bytes) => {
    expect(await codeOf(() => open(bytes))).toBe(code);
  });
});

test("an empty file, a scalar, an empty tensor and any order of names are read", async () => {
  expect((await open(file("{}      "))).tensors.size).toBe(0);
  const bytes = file(`{"b":${entry("I16", [2], 4, 8)},"none":${entry("F64", [0, 3], 4, 4)},"1":${entry("F32", [], 0, 4)},"__proto__":${entry("U8", [1], 8, 9)},"__metadata__":{"k":"v"}}`, 9);
  new DataView(bytes.buffer).setFloat32(bytes.length - 9, 1.5, true);
  new DataView(bytes.buffer).setInt16(bytes.length - 5, -7, true);
  const opened = await open(bytes);
  expect([...opened.tensors.keys()]).toEqual(["1", "none", "b", "__proto__"]);
  expect(await opened.read("1")).toEqual({ dtype: "float32", dims: [], data: Float32Array.of(1.5) });
  expect(await opened.read("b")).toEqual({ dtype: "int32", dims: [2], data: Int32Array.of(-7, 0) });
  expect(await opened.read("none")).toEqual({ dtype: "float64", dims: [0, 3], data: new Float64Array(0) });
  expect([...opened.metadata]).toEqual([["k", "v"]]);
  expect(await codeOf(() => opened.read("absent"))).toBe("tensor_missing");
});

test("a file that is opened reads its header alone, and a tensor only its own bytes", async () => {
  const bytes = readFileSync(new URL("../../test/reference/deadiff-small/io.safetensors", import.meta.url));
  const reads: [number, number][] = [];
  const source = memorySource(bytes);
  const opened = await openSafetensors({ ...source, read: (offset, length) => (reads.push([offset, length]), source.read(offset, length)) });
  const header = Number(bytes.readBigUInt64LE(0));
  expect(reads).toEqual([[0, 8], [8, header]]);
  const latent = await opened.read("latent");
  expect(latent.dims).toEqual(opened.tensors.get("latent")!.dims);
  expect(reads.at(-1)).toEqual([opened.tensors.get("latent")!.fileOffset, latent.data.byteLength]);
});

test("no damage to a real file makes the reader crash, hang or accept a tensor outside of it", async () => {
  const bytes = readFileSync(new URL("../../test/fixtures/pillow-bicubic.safetensors", import.meta.url));
  const header = 8 + Number(bytes.readBigUInt64LE(0));
  const roll = dice(1);
  const codes = new Set<string>();
  for (let i = 0; i < 3000; i++) {
    const damaged = mutate(bytes, roll, header);
    codes.add(await codeOf(async () => {
      const opened = await open(damaged);
      for (const { name } of opened.tensors.values()) await opened.read(name);
    }));
  }
  expect(codes.size).toBeGreaterThan(8);
  expect([...codes].filter((code) => code !== "none" && !code.startsWith("safetensors_"))).toEqual([]);
});
