import { describe, expect, test } from "vitest";
import { z } from "zod";
import { codeOf } from "../../test/io/code.ts";
import { isBundlePath, parseManifest } from "./bundle.ts";

const sha256 = "0".repeat(64);
const manifest = {
  format: "deadiff-bundle", formatVersion: 1, name: "tiny", version: "1.0.0", preset: "TINY", config: { width: 8 }, modes: ["style", "content", "both"],
  sizes: { default: 64, min: 32, max: 128, multipleOf: 8 },
  tokenizer: { kind: "words", files: { words: "tokenizer/words.json" } },
  weights: ["weights.safetensors"],
  licence: { name: "Apache-2.0" },
  provenance: { madeBy: "a test", sources: [] },
  files: [{ path: "weights.safetensors", bytes: 1, sha256 }, { path: "tokenizer/words.json", bytes: 1, sha256 }],
};
const parse = (change: object) => parseManifest(JSON.stringify({ ...manifest, ...change }), z.object({ width: z.number() }));
const withFile = (path: string) => ({ files: [...manifest.files, { path, bytes: 0, sha256 }] });

test("a manifest keeps the configuration's type and every field", () => {
  expect(parse({})).toEqual(manifest);
  expect(parse({}).config.width).toBe(8);
});

describe("a manifest that cannot be trusted is refused", () => {
  test.each<[string, string, object]>([
    ["bundle_unsupported_format", "another format", { format: "other" }],
    ["bundle_unsupported_format", "a later version", { formatVersion: 2 }],
    ["bundle_invalid", "a configuration of another shape", { config: {} }],
    ["bundle_invalid", "an unknown mode", { modes: ["colour"] }],
    ["bundle_invalid", "an unknown field", { extra: 1 }],
    ["bundle_invalid", "a hash that is none", { files: [{ ...manifest.files[0], sha256: "abc" }] }],
    ["bundle_invalid", "a file twice", withFile("Weights.safetensors")],
    ["bundle_invalid", "itself as a file", withFile("bundle.json")],
    ["bundle_invalid", "weights that are not listed", { weights: ["other.safetensors"] }],
    ["bundle_invalid", "a tokenizer file that is not listed", { tokenizer: { kind: "clip-bpe", files: { vocab: "vocab.json", merges: "tokenizer/words.json" } } }],
    ["bundle_unsafe_path", "a path upwards", withFile("../secret")],
    ["bundle_unsafe_path", "a path upwards inside", withFile("a/../../secret")],
  ])("%s: %s", async (code, _fault, change) => {
    expect(await codeOf(() => parse(change))).toBe(code);
  });

  test("bundle_not_json: text that is not JSON, and JSON that is no object", async () => {
    expect(await codeOf(() => parseManifest("{", z.unknown()))).toBe("bundle_not_json");
    expect(await codeOf(() => parseManifest("null", z.unknown()))).toBe("bundle_unsupported_format");
  });
});

test("only plain paths below the folder name a bundle's file, on every system", () => {
  expect(["a", "a/b.c", "weights-1_0.safetensors"].filter((path) => !isBundlePath(path))).toEqual([]);
  const unsafe = ["", "/a", "a/", "a//b", "..", "a/..", ".hidden", "a/.b", "a\\b", "C:a", "a\0", "a\nb", "~", "nul:", "a b", "ä", "a/".repeat(200) + "a"];
  expect(unsafe.filter(isBundlePath)).toEqual([]);
});
