import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { codeOf } from "../../test/io/code.ts";
import { encodeSafetensors, tensorToWrite } from "../weights/safetensors-write.ts";
import { openBundle } from "./open-bundle.ts";
import { openSafetensorsFile } from "./safetensors-file.ts";
import { writeBundle, type BundleDescription, type WriteBundleFile } from "./write-bundle.ts";

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "deadiff-bundle-"))));
afterEach(() => rm(folder, { recursive: true }));

const config = z.object({ width: z.number() });
const description: BundleDescription<{ width: number }> = {
  name: "tiny", version: "1.0.0", preset: "TINY", config: { width: 8 }, modes: ["style"],
  sizes: { default: 64, min: 32, max: 128, multipleOf: 8 },
  tokenizer: { kind: "words", files: { words: "tokenizer/words.json" } },
  weights: ["weights.safetensors"],
  licence: { name: "Apache-2.0" },
  provenance: { madeBy: "a test", sources: [] },
};
const text = (value: string): Uint8Array[] => [new TextEncoder().encode(value)];
const fill = (weight: number) => async (write: WriteBundleFile): Promise<void> => {
  await write("weights.safetensors", encodeSafetensors([tensorToWrite("w", { dtype: "float32", dims: [1], data: Float32Array.of(weight) })]));
  await write("tokenizer/words.json", text("{}"));
};
const weightOf = async (bundle: string): Promise<unknown> => {
  const opened = await openBundle(bundle, { config, verify: "full" });
  const weights = await openSafetensorsFile(opened.path("weights.safetensors"));
  const { data } = await weights.read("w");
  await weights.close();
  return data[0];
};

test("what is written opens again, every file hashed and listed", async () => {
  const target = join(folder, "sub", "tiny");
  const written = await writeBundle(target, description, fill(1.5));
  const opened = await openBundle(target, { config, verify: "full" });
  expect(opened.manifest).toEqual(written);
  expect(opened.manifest.files.map(({ path }) => path)).toEqual(["weights.safetensors", "tokenizer/words.json"]);
  expect(await weightOf(target)).toBe(1.5);
  expect(await codeOf(() => opened.path("other"))).toBe("bundle_missing_file");
  expect(await readdir(join(folder, "sub"))).toEqual(["tiny"]);
});

test("damage is found: full verification reads every byte, sizes alone find lengths", async () => {
  const target = join(folder, "tiny");
  await writeBundle(target, description, fill(1));
  const open = (verify: "full" | "sizes") => codeOf(() => openBundle(target, { config, verify }));
  const words = join(target, "tokenizer", "words.json");
  await writeFile(words, "[]");
  expect([await open("full"), await open("sizes")]).toEqual(["bundle_hash_mismatch", "none"]);
  await appendFile(words, " ");
  expect([await open("full"), await open("sizes")]).toEqual(["bundle_size_mismatch", "bundle_size_mismatch"]);
  await rm(words);
  expect(await open("sizes")).toBe("bundle_missing_file");
  await mkdir(words);
  expect(await open("sizes")).toBe("bundle_missing_file");
  await writeFile(join(target, "bundle.json"), "{}");
  expect(await open("sizes")).toBe("bundle_unsupported_format");
  await truncate(join(target, "bundle.json"), 5 << 20);
  expect(await open("sizes")).toBe("bundle_invalid");
  await rm(join(target, "bundle.json"));
  expect(await open("sizes")).toBe("bundle_missing_file");
});

test("an existing folder is replaced only when asked, and only where it is a bundle", async () => {
  const target = join(folder, "tiny");
  await writeBundle(target, description, fill(1));
  expect(await codeOf(() => writeBundle(target, description, fill(2)))).toBe("bundle_exists");
  expect(await weightOf(target)).toBe(1);
  await writeBundle(target, description, fill(2), { overwrite: true });
  expect(await weightOf(target)).toBe(2);
  const other = join(folder, "documents");
  await mkdir(other);
  await writeFile(join(other, "letter.txt"), "dear");
  expect(await codeOf(() => writeBundle(other, description, fill(1), { overwrite: true }))).toBe("bundle_exists");
  expect(await codeOf(() => writeBundle(join(other, "letter.txt"), description, fill(1), { overwrite: true }))).toBe("bundle_exists");
  expect(await readFile(join(other, "letter.txt"), "utf8")).toBe("dear");
  expect(await readdir(folder)).toEqual(["documents", "tiny"]);
});

test("a bundle that fails half way leaves the old one and nothing else", async () => {
  const target = join(folder, "tiny");
  await writeBundle(target, description, fill(1));
  const fails: [string, (write: WriteBundleFile) => Promise<void>][] = [
    ["bundle_invalid", (write) => write("weights.safetensors", text(""))],
    ["bundle_unsafe_path", (write) => write("../escaped", text(""))],
    ["weights_not_finite", fill(NaN)],
  ];
  for (const [code, broken] of fails) expect(await codeOf(() => writeBundle(target, description, broken, { overwrite: true }))).toBe(code);
  expect(await weightOf(target)).toBe(1);
  expect(await readdir(folder)).toEqual(["tiny"]);
});
