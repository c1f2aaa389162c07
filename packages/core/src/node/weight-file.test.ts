import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { codeOf } from "../../test/io/code.ts";
import { dice, mutate } from "../../test/io/mutate.ts";
import { call, dict, global, int, none, persistent, pickle, storage, tensor, text, tuple, type Ops } from "../../test/io/pickle.ts";
import { storedZip, type ZipPart } from "../../test/io/zip.ts";
import { memorySource } from "../weights/byte-source.ts";
import { openWeightFile, openWeights } from "./weight-file.ts";

const pathOf = (name: string): string => fileURLToPath(new URL(`../../test/${name}`, import.meta.url));
const open = (bytes: Uint8Array) => openWeights(memorySource(bytes));

const values = async (name: string, tensorName: string) => {
  const source = await openWeightFile(pathOf(name));
  const { dims, data } = await source.read(tensorName);
  await source.close();
  return { dims, data: Array.from<number | bigint>(data) };
};

describe("a checkpoint written by torch 1.13", () => {
  const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

  test.each<[name: string, dims: number[], data: (number | bigint)[]]>([
    ["plain", [4, 6], upTo(24)],
    ["transposed", [6, 4], upTo(24).map((i) => Math.floor(i / 4) + 6 * (i % 4))],
    ["slice", [2, 3], [8, 9, 10, 14, 15, 16]],
    ["every_other", [12], upTo(12).map((i) => 2 * i + 1)],
    ["expanded", [3, 4], upTo(12).map((i) => BigInt(Math.floor(i / 4)))],
    ["position_ids", [1, 5], upTo(5).map(BigInt)],
    ["scalar", [], [3.5]],
    ["empty", [0, 7], []],
    ["parameter", [2], [1, -2]],
    ["f64", [2], [1e300, -0.1]],
    ["f16", [3], [0x7bff, 0x0001, 0xbc00]],
    ["bf16", [3], [1, -3.140625, 1.171875 * 2 ** 126]],
    ["i64", [2], [2n ** 62n, -1n]],
    ["i32", [2], [2 ** 31 - 1, -(2 ** 31)]],
    ["i16", [2], [32767, -32768]],
    ["i8", [2], [127, -128]],
    ["u8", [2], [0, 255]],
    ["bool", [3], [1, 0, 1]],
  ])("gives %s, %j, as it was saved, from a training checkpoint and from a bare state_dict", async (name, dims, data) => {
    expect(await values("fixtures/torch-1.13.ckpt", name)).toEqual({ dims, data });
    expect(await values("fixtures/bare.ckpt", name)).toEqual({ dims, data });
  });

  test("gives a permuted float16 tensor in row-major order", async () => {
    const { dims, data } = await values("fixtures/bare.ckpt", "permuted"); // arange(60).reshape(3, 4, 5).permute(2, 0, 1)
    expect(dims).toEqual([5, 3, 4]);
    const half = new Uint16Array(new (globalThis as unknown as { Float16Array: new (v: number[]) => { buffer: ArrayBuffer } }).Float16Array(upTo(60)).buffer);
    expect(data).toEqual(upTo(60).map((i) => half[20 * (Math.floor(i / 4) % 3) + 5 * (i % 4) + Math.floor(i / 12)]));
  });
});

test("the reference checkpoint's tensors are listed and read, keys as in the public one", async () => {
  const source = await openWeightFile(pathOf("reference/deadiff-small/checkpoint.ckpt"));
  expect(source.tensors.size).toBe(1162);
  expect(source.tensors.get("model.diffusion_model.time_embed.0.weight")).toEqual({ name: "model.diffusion_model.time_embed.0.weight", dtype: "F16", dims: [128, 32] });
  const schedule = await source.read("alphas_cumprod");
  // beta of the first step is sqrt(0.00085) squared; the file may hold the product in half precision.
  expect(schedule.dims).toEqual([1000]);
  expect(schedule.dtype).toBe("float32");
  expect((schedule.data as Float32Array)[0]).toBeCloseTo(1 - 0.00085, 6);
  await source.close();
});

test("formats are told by content, and what cannot be read is refused with the reason", async () => {
  expect(await codeOf(() => openWeightFile(pathOf("fixtures/legacy.ckpt")))).toBe("checkpoint_legacy_format");
  expect(await codeOf(() => openWeightFile(pathOf("fixtures/script.ckpt")))).toBe("checkpoint_torchscript");
  expect(await codeOf(() => openWeightFile(pathOf("fixtures/compressed.ckpt")))).toBe("checkpoint_compressed");
  expect(await codeOf(() => openWeightFile(pathOf("reference/deadiff-small/config.json")))).toBe("safetensors_header_too_large");
  const source = await openWeightFile(pathOf("reference/samplers.safetensors"));
  expect(source.tensors.has("sigmas.karras.12")).toBe(true);
  await source.close();
});

/** A checkpoint of hand-made parts. */
const checkpoint = (data: Uint8Array, parts: readonly ZipPart[] = []): Uint8Array => storedZip([{ name: "m/data.pkl", data }, ...parts]);
const data = (key: string, values: ArrayBufferView): ZipPart => ({ name: `m/data/${key}`, data: new Uint8Array(values.buffer) });
const floats = data("0", Float32Array.of(0, 1, 2, 3));
const one = (value: Ops): Uint8Array => checkpoint(pickle(dict([text("w"), value])), [floats]);

describe("a pickle that names anything but weights is refused, and nothing runs", () => {
  const attacks: [string, Ops][] = [
    ["os.system", call(global("os", "system"), text("touch owned"))],
    ["posix.system", call(global("posix", "system"), text("id"))],
    ["nt.system", global("nt", "system")],
    ["builtins.eval", call(global("builtins", "eval"), text("1+1"))],
    ["builtins.exec", [...text("builtins"), ...text("exec"), 0x93]],
    ["builtins.getattr", call(global("builtins", "getattr"), global("os", "x"), text("system"))],
    ["__builtin__.apply", global("__builtin__", "apply")],
    ["subprocess.Popen", [0x28, ...text("id"), 0x69, ...new TextEncoder().encode("subprocess\nPopen\n")]],
    ["runpy._run_code", global("runpy", "_run_code")],
    ["torch.load", global("torch", "load")],
    ["torch._utils._rebuild_tensor_v2.__globals__", [...text("torch._utils"), ...text("_rebuild_tensor_v2.__globals__"), 0x93]],
    ["torch.storage._load_from_bytes", global("torch.storage", "_load_from_bytes")],
    ["numpy.core.multiarray._reconstruct", global("numpy.core.multiarray", "_reconstruct")],
    ["pytorch_lightning.callbacks", global("pytorch_lightning", "callbacks")],
    ["constructor", global("constructor", "")],
  ];
  test.each(attacks)("%s", async (name, ops) => {
    for (const file of [one(ops), checkpoint(pickle(dict([text("state_dict"), dict()], [text("callbacks"), ops])))]) {
      await expect(open(file)).rejects.toMatchObject({ code: "checkpoint_unsafe_global" });
    }
    await expect(open(one(ops))).rejects.toThrow(name.split(".")[0]);
  });
});

describe("a checkpoint that lies about its tensors is refused", () => {
  const s = storage("0", 4);
  test.each<[string, string, Uint8Array]>([
    ["checkpoint_malformed", "a view past its storage", one(tensor(s, 1, [2, 2], [2, 1]))],
    ["checkpoint_malformed", "a stride past its storage", one(tensor(s, 0, [2], [9]))],
    ["checkpoint_malformed", "a negative offset", one(tensor(s, -1, [1], [1]))],
    ["checkpoint_malformed", "a negative stride", one(tensor(s, 3, [2], [-1]))],
    ["checkpoint_malformed", "fewer strides than dimensions", one(tensor(s, 0, [2, 2], [1]))],
    ["checkpoint_malformed", "a product past 2^53", one(tensor(s, 0, [2 ** 30, 2 ** 30], [0, 0]))],
    ["checkpoint_malformed", "a bomb of repeated elements", one(tensor(s, 0, [2 ** 30], [0]))],
    ["checkpoint_malformed", "a tensor of no storage", one(tensor(none, 0, [1], [1]))],
    ["checkpoint_malformed", "a persistent id that is no storage", one(persistent(tuple(text("module"), none)))],
    ["checkpoint_malformed", "a storage of no type", one(persistent(tuple(text("storage"), int(1), text("0"), text("cpu"), int(4))))],
    ["checkpoint_malformed", "a storage among the tensors", checkpoint(pickle(dict([text("state_dict"), dict([text("w"), s])])))],
    ["checkpoint_malformed", "an inert object among the tensors", checkpoint(pickle(dict([text("state_dict"), dict([text("w"), call(global("numpy.core.multiarray", "scalar"))])])))],
    ["checkpoint_malformed", "a number among the tensors", checkpoint(pickle(dict([text("state_dict"), dict([text("w"), int(1)])])))],
    ["checkpoint_malformed", "a tensor without a name", checkpoint(pickle(dict([text("state_dict"), dict([int(1), tensor(s, 0, [1], [1])])])))],
    ["checkpoint_malformed", "a parameter of nothing", one(call(global("torch._utils", "_rebuild_parameter")))],
    ["checkpoint_malformed", "a called storage", one(call(s))],
    ["checkpoint_malformed", "an unknown byte order", checkpoint(pickle(dict([text("w"), tensor(s, 0, [1], [1])])), [floats, { name: "m/byteorder", data: new TextEncoder().encode("middle") }])],
    ["checkpoint_malformed", "two pickles", storedZip([{ name: "a/data.pkl", data: pickle(dict()) }, { name: "b/data.pkl", data: pickle(dict()) }])],
    ["checkpoint_malformed", "no pickle", storedZip([{ name: "readme.txt", data: new Uint8Array(1) }])],
    ["checkpoint_no_state_dict", "a list", checkpoint(pickle([0x5d]))],
    ["checkpoint_no_state_dict", "a dict without tensors", checkpoint(pickle(dict([text("epoch"), int(1)])))],
    ["checkpoint_no_state_dict", "a state_dict that is none", checkpoint(pickle(dict([text("state_dict"), none])))],
    ["checkpoint_missing_entry", "data that is not there", checkpoint(pickle(dict([text("w"), tensor(storage("9", 4), 0, [1], [1])])), [floats])],
    ["checkpoint_missing_entry", "a key that leads elsewhere", checkpoint(pickle(dict([text("w"), tensor(storage("../data.pkl/../../etc/passwd", 4), 0, [1], [1])])), [floats])],
    ["checkpoint_truncated", "data shorter than its storage", checkpoint(pickle(dict([text("w"), tensor(storage("0", 5), 0, [1], [1])])), [floats])],
    ["zip_malformed", "compressed data that claims to be as long", checkpoint(pickle(dict([text("w"), tensor(s, 0, [1], [1])])), [floats]).subarray(0, 150)],
    ["checkpoint_compressed", "compressed tensors", checkpoint(pickle(dict([text("w"), tensor(s, 0, [1], [1])])), [{ ...floats, method: 8 }])],
    ["checkpoint_compressed", "a compressed pickle", storedZip([{ name: "m/data.pkl", data: pickle(dict()), method: 8 }])],
    ["zip_malformed", "an entry twice", checkpoint(pickle(dict([text("w"), tensor(s, 0, [1], [1])])), [floats, floats])],
    ["zip_malformed", "an entry with a path upwards", storedZip([{ name: "../data.pkl", data: pickle(dict()) }])],
  ])("%s: %s", async (code, _fault, bytes) => {
    expect(await codeOf(async () => {
      const source = await open(bytes);
      await source.read("w");
    })).toBe(code);
  });
});

test("a big-endian checkpoint gives the same numbers", async () => {
  const swapped = Buffer.from(Float32Array.of(0, 1, -2, 3).buffer).swap32();
  const file = checkpoint(pickle(dict([text("w"), tensor(storage("0", 4), 1, [2], [1])])), [data("0", new Uint8Array(swapped)), { name: "m/byteorder", data: new TextEncoder().encode("big") }]);
  expect((await (await open(file)).read("w")).data).toEqual(Float32Array.of(1, -2));
});

test("a tensor reads no more of a shared storage than it spans", async () => {
  const file = checkpoint(pickle(dict([text("w"), tensor(storage("0", 1000), 10, [3], [2])])), [data("0", Float32Array.from({ length: 1000 }, (_, i) => i))]);
  const source = memorySource(file);
  const lengths: number[] = [];
  const opened = await openWeights({ ...source, read: (offset, length) => (lengths.push(length), source.read(offset, length)) });
  expect((await opened.read("w")).data).toEqual(Float32Array.of(10, 12, 14));
  expect(lengths.at(-1)).toBe(5 * 4);
});

test("no damage to a real checkpoint makes the reader crash, hang or run anything", async () => {
  const bytes = readFileSync(pathOf("fixtures/torch-1.13.ckpt"));
  const roll = dice(2);
  const codes = new Set<string>();
  for (let i = 0; i < 1500; i++) {
    const damaged = mutate(bytes, roll);
    codes.add(await codeOf(async () => {
      const source = await open(damaged);
      for (const name of source.tensors.keys()) await source.read(name);
    }));
  }
  expect(codes.size).toBeGreaterThan(8);
  expect([...codes].filter((code) => !/^(none|(checkpoint|zip|pickle|safetensors|source)_)/u.test(code))).toEqual([]);
});
