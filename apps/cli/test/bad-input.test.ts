/** What people give the command by mistake or by malice: each ends with a code, exit 2, and nothing written. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, cp, mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { hostImage, TINY } from "@deadiff/core";
import { encodePng, openSafetensorsFile, writeRandomBundle } from "@deadiff/core/node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { call, dict, global, int, pickle, storage, tensor, text } from "../../../packages/core/test/io/pickle.ts";
import { storedZip } from "../../../packages/core/test/io/zip.ts";
import { deadiffIn } from "./command.ts";
import { reference, referenceConfig, tokenizer } from "./reference.ts";

const checkpoint = `${reference}checkpoint.ckpt`;

let folder: string;
const deadiff = (line: string) => deadiffIn(folder, line);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "deadiff-bad-"));
  await writeRandomBundle(join(folder, "tiny"), { size: 32 });
  await writeFile(join(folder, "ref.png"), await encodePng(hostImage(8, 8, new Uint8Array(192).map((_, i) => i))));
  await writeFile(join(folder, "tiny.json"), JSON.stringify(TINY));
  await writeFile(join(folder, "small.json"), JSON.stringify(await referenceConfig()));
});
afterAll(() => rm(folder, { recursive: true }));

/** The command's answer, and what it left in the folder that was not there before. */
async function answer(line: string): Promise<{ code: number; text: string; left: string[] }> {
  const before = new Set(await readdir(folder));
  const { code, out, err } = await deadiff(line);
  return { code, text: out + err, left: (await readdir(folder)).filter((name) => !before.has(name)) };
}

/** A safetensors file of a raw header, its length as announced, and so many bytes of data. */
function safetensors(header: string, dataBytes: number, announced = BigInt(header.length)): Uint8Array {
  const file = Buffer.alloc(8 + header.length + dataBytes);
  file.writeBigUInt64LE(announced);
  file.write(header, 8);
  return file;
}
const f32 = (begin: number, end: number): string => JSON.stringify({ dtype: "F32", shape: [(end - begin) / 4], data_offsets: [begin, end] });
const weight = tensor(storage("0", 4), 0, [2, 2], [2, 1]);
const data = { name: "m/data/0", data: new Uint8Array(16) };
const torch = (value: readonly number[]): Uint8Array => storedZip([{ name: "m/data.pkl", data: pickle(dict([text("w"), value])) }, data]);

/** A pickle of a megabyte in a kilobyte; torch stores what it saves as it is. */
const bomb = (): Uint8Array => storedZip([{ name: "m/data.pkl", data: deflateRawSync(pickle(dict([text("w".repeat(1 << 20)), weight]))), method: 8 }, data]);

describe("import refuses a weight file that is not sound, and leaves no bundle", () => {
  test.each<[what: string, code: string, bytes: () => Uint8Array]>([
    ["safetensors cut short", "safetensors_truncated", () => safetensors(`{"a":${f32(0, 8)}}`, 4)],
    ["safetensors with a header longer than the file", "safetensors_truncated", () => safetensors("{}", 0, 400n)],
    ["safetensors with a header of exabytes", "safetensors_header_too_large", () => safetensors("{}", 0, 2n ** 62n)],
    ["safetensors of overlapping tensors", "safetensors_overlap", () => safetensors(`{"a":${f32(0, 8)},"b":${f32(4, 12)}}`, 12)],
    ["safetensors whose header is not JSON", "safetensors_header_not_json", () => safetensors("{not json}", 0)],
    ["safetensors without the model's tensors", "checkpoint_keys", () => safetensors(`{"a":${f32(0, 8)}}`, 8)],
    ["a pickle that names os.system", "checkpoint_unsafe_global", () => torch(call(global("os", "system"), text("touch owned")))],
    ["a pickle that names builtins.eval", "checkpoint_unsafe_global", () => torch(global("builtins", "eval"))],
    ["a zip bomb", "checkpoint_compressed", bomb],
    ["a tensor that repeats one number without end", "checkpoint_malformed", () => torch(tensor(storage("0", 4), 0, [2 ** 30], [0]))],
    ["a tensor past its storage", "checkpoint_malformed", () => torch(tensor(storage("0", 4), 2, [2, 2], [2, 1]))],
    ["a checkpoint of other tensors", "checkpoint_keys", () => torch(weight)],
    ["a checkpoint of no tensors", "checkpoint_no_state_dict", () => storedZip([{ name: "m/data.pkl", data: pickle(dict([text("epoch"), int(1)])) }])],
    ["an archive cut short", "zip_malformed", () => torch(weight).subarray(0, 120)],
    ["a picture", "safetensors_header_too_large", () => new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13])],
    ["an empty file", "safetensors_truncated", () => new Uint8Array(0)],
  ])("%s: %s", async (_what, code, bytes) => {
    await writeFile(join(folder, "weights.bin"), bytes());
    const got = await answer(`import weights.bin --tokenizer ${tokenizer} --config small.json -o imported`);
    expect(got).toMatchObject({ code: 2, left: [], text: expect.stringContaining(`[${code}]`) as string });
    expect(existsSync(join(folder, "owned"))).toBe(false);
    const json = await deadiff(`import weights.bin --tokenizer ${tokenizer} --config small.json -o imported --json`);
    expect(JSON.parse(json.out)).toMatchObject({ error: { code } });
  });

  test("weights that are not numbers are named, and the half-written bundle goes", async () => {
    // A patch in the middle of the largest storage: NaN in float16, in float32 and in bfloat16 alike.
    const bytes = await readFile(checkpoint);
    bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 64);
    await writeFile(join(folder, "nan.ckpt"), bytes);
    const got = await answer(`import nan.ckpt --tokenizer ${tokenizer} --config small.json -o imported`);
    expect(got).toMatchObject({ code: 2, left: [], text: expect.stringContaining("[weights_not_finite]") as string });
    expect(got.text).toMatch(/hold NaN or infinite values: \S+ \(\d+\)/u);
  });

  test.each([
    ["a checkpoint that is not there", `import nowhere.ckpt --tokenizer ${tokenizer} -o imported`, "file_unreadable"],
    ["a folder for a checkpoint", `import tiny --tokenizer ${tokenizer} -o imported`, "file_unreadable"],
    ["a configuration that is not JSON", `import ref.png --tokenizer ${tokenizer} --config ref.png -o imported`, "config_invalid"],
    ["a configuration of another layout", `import weights.bin --tokenizer ${tokenizer} --config tiny.json -o imported`, "config_invalid"],
    ["a folder without a tokenizer", `import ${checkpoint} --tokenizer tiny --config small.json -o imported`, "tokenizer_missing"],
    ["a bundle of that name", `import weights.bin --tokenizer ${tokenizer} --config small.json -o tiny`, "bundle_exists"],
  ])("%s: %s", async (_what, line, code) => {
    await writeFile(join(folder, "weights.bin"), torch(weight));
    expect(await answer(line)).toMatchObject({ code: 2, left: [], text: expect.stringContaining(`[${code}]`) as string });
  });
});

describe("generate and inspect refuse a bundle that is not what its manifest says", () => {
  /** A copy of the sound bundle that `harm` changes. */
  async function harmed(name: string, harm: (bundle: string) => Promise<void>): Promise<void> {
    await rm(join(folder, name), { recursive: true, force: true });
    await cp(join(folder, "tiny"), join(folder, name), { recursive: true });
    await harm(join(folder, name));
  }
  const flip = async (file: string, at: number): Promise<void> => {
    const handle = await open(file, "r+");
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at);
    await handle.write(Buffer.of((buffer[0] ?? 0) ^ 1), 0, 1, at);
    await handle.close();
  };

  test.each<[what: string, code: string, harm: (bundle: string) => Promise<void>]>([
    ["one bit of the weights changed", "bundle_hash_mismatch", async (bundle) => flip(join(bundle, "weights.safetensors"), 20_000)],
    ["weights cut short", "bundle_size_mismatch", (bundle) => truncate(join(bundle, "weights.safetensors"), 20_000)],
    ["weights with bytes behind them", "bundle_size_mismatch", (bundle) => appendFile(join(bundle, "weights.safetensors"), "more")],
    ["no weights", "bundle_missing_file", (bundle) => rm(join(bundle, "weights.safetensors"))],
    ["a manifest that is not JSON", "bundle_not_json", (bundle) => writeFile(join(bundle, "bundle.json"), "{")],
    ["a manifest of another format", "bundle_unsupported_format", (bundle) => writeFile(join(bundle, "bundle.json"), "{}")],
  ])("%s: %s", async (_what, code, harm) => {
    await harmed("harmed", harm);
    for (const line of ["generate -b harmed --no-cache -p cat --steps 1 -o x.png", "inspect harmed"]) {
      expect(await answer(line)).toMatchObject({ code: 2, left: [], text: expect.stringContaining(`[${code}]`) as string });
    }
  });

  test("a bundle that was found whole before, one bit of it changed since, its length and time of writing the same: bundle_hash_mismatch", async () => {
    await harmed("trusted", () => Promise.resolve());
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 10_000 }); // Files of this very moment are not remembered.
    try {
      expect((await deadiff("inspect trusted")).code).toBe(0);
      const file = join(folder, "trusted", "weights.safetensors");
      const { atime, mtime } = await stat(file);
      await flip(file, 20_000);
      await utimes(file, atime, mtime);
      for (const line of ["generate -b trusted -p cat --steps 1 -o x.png", "inspect trusted"]) {
        expect(await answer(line)).toMatchObject({ code: 2, left: [], text: expect.stringContaining("[bundle_hash_mismatch]") as string });
      }
    } finally {
      vi.useRealTimers();
    }
  });

  test("weights that are not numbers, under a hash that fits them, give an error and no picture", async () => {
    await harmed("nan", async (bundle) => {
      const file = join(bundle, "weights.safetensors");
      const weights = await openSafetensorsFile(file);
      const info = weights.tensors.get("unet.convIn.weight");
      await weights.close();
      const handle = await open(file, "r+");
      await handle.write(new Uint8Array(Float32Array.of(NaN).buffer), 0, 4, info?.fileOffset ?? 0);
      await handle.close();
      const manifest = await readFile(join(bundle, "bundle.json"), "utf8");
      const [old, sum] = [join(folder, "tiny", "weights.safetensors"), file].map((path) => readFile(path).then((bytes) => createHash("sha256").update(bytes).digest("hex")));
      await writeFile(join(bundle, "bundle.json"), manifest.replace((await old) ?? "", (await sum) ?? ""));
    });
    const got = await answer("generate -b nan --no-cache --threads 1 -r ref.png -p cat --steps 2 -o x.png");
    expect(got).toMatchObject({ code: 2, left: [], text: expect.stringContaining("not_finite]") as string });
  });
});

describe("generate refuses what it cannot use, before any work", () => {
  test.each<[what: string, code: string, bytes: () => Uint8Array | Promise<Uint8Array>]>([
    ["text for a picture", "unsupported_format", () => new TextEncoder().encode("not a picture at all")],
    ["an empty picture", "invalid_image", () => new Uint8Array(0)],
    ["a picture cut short", "invalid_image", async () => (await encodePng(hostImage(64, 64, new Uint8Array(12288).map((_, i) => (i * i) ^ (i >> 3))))).subarray(0, 2000)],
    ["a picture's first bytes before something else", "invalid_image", () => Buffer.concat([Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>")])],
    ["a style code cut short", "style_code_invalid", () => safetensors(`{"style":${f32(0, 1024)}}`, 8)],
  ])("%s: %s", async (_what, code, bytes) => {
    await writeFile(join(folder, "given"), await bytes());
    expect(await answer("generate -b tiny --no-cache -r given -p cat --steps 1 -o x.png")).toMatchObject({ code: 2, left: [], text: expect.stringContaining(`[${code}]`) as string });
    expect(await answer("inspect given")).toMatchObject({ code: 2, left: [] });
  });

  test.each([
    ["--size 33", "size_unsupported", "in steps of"],
    ["--size 32x20", "size_unsupported", "height is 20"],
    ["--size 4000", "size_unsupported", "width is 4000"],
    ["--count 0", "request_invalid", "count"],
    ["--strength -1", "request_invalid", "strength"],
    ["--gains 1,2", "gains_length", "7 cross-attention layers"],
    ["--seed 9223372036854775808", "seed_range", "seed"],
    ["--sampler ddim --spacing karras", "sampler_spacing", "ddim"],
    ["--sampler euler --eta 0.5", "sampler_eta", "eta"],
    ["-r ref.png:99", "request_invalid", "weight"],
  ])("%s: %s", async (flags, code, said) => {
    const got = await answer(`generate -b tiny --no-cache -p cat ${flags} -o x.png`);
    expect(got).toMatchObject({ code: 2, left: [], text: expect.stringContaining(`[${code}]`) as string });
    expect(got.text).toContain(said);
  });

  test("a prompt too long for the model makes the picture, and says what was cut", async () => {
    const got = await deadiffIn(folder, ["generate", "-b", "tiny", "--no-cache", "--threads", "1", "-p", "a red cat dog blue house bad cat and the rest of it", "--steps", "1", "-o", "long.png"]);
    expect(got.code).toBe(0);
    expect(got.err).toMatch(/note: the prompt is longer than the model reads; cut off: ".*cat and the rest of it"/u);
    await rm(join(folder, "long.png"));
  });
});

describe("an output that cannot be written is said with its reason, and nothing is left", () => {
  test("before the work: no folder, a file for a folder, another format, a folder in the way", async () => {
    await mkdir(join(folder, "taken.png"), { recursive: true });
    for (const [out, code] of [["no/where/x.png", "output_folder"], ["ref.png/x.png", "output_folder"], ["x.jpg", "output_format"], ["taken.png", "output_folder"]]) {
      expect(await answer(`generate -b tiny --no-cache -p cat --steps 1 -o ${out ?? ""}`)).toMatchObject({ code: 2, left: [], text: expect.stringContaining(`[${code ?? ""}]`) as string });
    }
  });

  test("by the system, while the file is made", async () => {
    expect(await answer(`style save ref.png -b tiny --no-cache -o ${"x".repeat(300)}`)).toMatchObject({ code: 2, left: [], text: expect.stringContaining("the name is too long [file_unwritable]") as string });
    expect(await answer("style save ref.png -b tiny --no-cache -o nowhere/x.style")).toMatchObject({ code: 2, left: [], text: expect.stringContaining("the folder does not exist [file_unwritable]") as string });
    expect((await answer("generate -b tiny --no-cache --threads 1 -p cat --steps 1 -o /proc/x.png")).text).toMatch(/\[(file_unwritable|output_folder)\]/u);
    expect(await answer(`import ${checkpoint} --tokenizer ${tokenizer} --config small.json -o ref.png/bundle`)).toMatchObject({ code: 2, left: [] });
  });
});
