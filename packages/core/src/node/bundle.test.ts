import { appendFile, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
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

describe("a bundle is hashed once", () => {
  let target: string, cacheFolder: string, weights: string;
  beforeEach(async () => {
    [target, cacheFolder] = [join(folder, "tiny"), join(folder, "cache")];
    weights = join(target, "weights.safetensors");
    await writeBundle(target, description, fill(1));
    // Ten seconds from now: what was written just now is no longer too young to be remembered.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 10_000 });
  });
  afterEach(() => void vi.useRealTimers());

  /** Opens the bundle. @returns the bytes that were hashed, or the code of the failure */
  async function hashed(options: { verify?: "full" | "once"; cacheFolder?: string } = { cacheFolder }): Promise<number | string> {
    let bytes = 0;
    const code = await codeOf(() => openBundle(target, { config, ...options, onVerify: (done) => (bytes = done) }));
    return code === "none" ? bytes : code;
  }
  const totalBytes = async (): Promise<number> => (await stat(weights)).size + "{}".length;
  /** Changes the last byte, keeps the length, and sets the time of writing back. */
  async function tamper(file: string): Promise<void> {
    const { atime, mtime } = await stat(file);
    const bytes = await readFile(file);
    await writeFile(file, bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte)));
    await utimes(file, atime, mtime);
  }

  test("and known by other openings, but for a full verification and where nothing remembers", async () => {
    const total = await totalBytes();
    expect([await hashed(), await hashed(), await hashed({ verify: "full", cacheFolder }), await hashed({})]).toEqual([total, 0, total, total]);
  });

  test("so that a file of the same length and time of writing with other bytes is found, at each open", async () => {
    await hashed();
    await tamper(weights);
    expect([await hashed(), await hashed()]).toEqual(["bundle_hash_mismatch", "bundle_hash_mismatch"]);
  });

  test("and again where another file took its place, of which the others are spared", async () => {
    await hashed();
    await copyFile(weights, join(folder, "same"));
    await rename(join(folder, "same"), weights);
    expect([await hashed(), await hashed()]).toEqual([(await stat(weights)).size, 0]);
  });

  test("and again where the manifest wants another hash of it", async () => {
    await hashed();
    const manifest = await readFile(join(target, "bundle.json"), "utf8");
    await writeFile(join(target, "bundle.json"), manifest.replaceAll(/"sha256": "../gu, '"sha256": "00'));
    expect(await hashed()).toBe("bundle_hash_mismatch");
  });

  test("but not before a file is so old that a later change has another time", async () => {
    vi.useRealTimers();
    const total = await totalBytes();
    expect([await hashed(), await hashed()]).toEqual([total, total]);
  });

  test("and again where the record is damaged, or cannot be kept", async () => {
    const total = await totalBytes();
    await hashed();
    const [record = ""] = await readdir(join(cacheFolder, "verified"));
    await truncate(join(cacheFolder, "verified", record), 20);
    expect(await hashed()).toBe(total);
    expect([await hashed({ cacheFolder: weights }), await hashed({ cacheFolder: weights })]).toEqual([total, total]);
  });

  test("unless the caller gives up, which is remembered as nothing", async () => {
    const stop = new Error("enough");
    await expect(openBundle(target, { config, cacheFolder, onVerify: () => { throw stop; } })).rejects.toBe(stop);
    expect(await hashed()).toBe(await totalBytes());
  });
});
