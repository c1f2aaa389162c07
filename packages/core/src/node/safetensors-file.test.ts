import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeOf } from "../../test/io/code.ts";
import { tensorToWrite, type TensorToWrite } from "../weights/safetensors-write.ts";
import { openSafetensorsFile, writeSafetensorsFile } from "./safetensors-file.ts";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "deadiff-safetensors-"))));
afterAll(() => rm(folder, { recursive: true }));

const raw = (name: string, dtype: TensorToWrite["dtype"], dims: number[], bytes: number[]): TensorToWrite => ({ name, dtype, dims, bytes: () => Uint8Array.from(bytes) });

test("what is written is read back, every type, with its metadata, and the hash is the file's", async () => {
  const path = join(folder, "all.safetensors");
  const written = await writeSafetensorsFile(path, [
    raw("flag", "BOOL", [3], [1, 0, 1]),
    tensorToWrite("w", { dtype: "float32", dims: [2, 2], data: Float32Array.of(1, -2, 3.5, 0) }),
    raw("bf", "BF16", [2], [0x80, 0x3f, 0x49, 0xc0]),
    raw("7", "I8", [1], [0xff]),
    tensorToWrite("ids", { dtype: "int64", dims: [1], data: BigInt64Array.of(-5n) }),
    tensorToWrite("empty", { dtype: "float64", dims: [0, 2], data: new Float64Array(0) }),
    raw("__proto__", "I16", [], [0xfe, 0xff]),
    raw("i32", "I32", [1], [1, 0, 0, 0]),
    raw("half", "F16", [1], [0, 0x3c]),
    raw("byte", "U8", [1], [200]),
  ], { made: "by a test ✓" });
  const bytes = await readFile(path);
  expect(written).toEqual({ bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });

  const opened = await openSafetensorsFile(path);
  expect([...opened.metadata]).toEqual([["made", "by a test ✓"]]);
  const values = await Promise.all([...opened.tensors.keys()].map(async (name) => [name, Array.from((await opened.read(name)).data, Number)]));
  expect(values).toEqual([["ids", [-5]], ["empty", []], ["w", [1, -2, 3.5, 0]], ["i32", [1]], ["bf", [1, -3.140625]], ["__proto__", [-2]], ["half", [0x3c00]], ["flag", [1, 0, 1]], ["7", [-1]], ["byte", [200]]]);
  await opened.close();
});

test("the data starts on a page, every tensor at a multiple of its element size, and equals keep their order", async () => {
  const path = join(folder, "aligned.safetensors");
  const tensors = Array.from({ length: 40 }, (_, i) => raw(`t${String(i)}`, i % 3 === 0 ? "U8" : i % 3 === 1 ? "F32" : "F16", [1], i % 3 === 0 ? [i] : i % 3 === 1 ? [0, 0, 0, 0] : [0, 0]));
  await writeSafetensorsFile(path, tensors);
  const opened = await openSafetensorsFile(path);
  const places = [...opened.tensors.values()];
  expect(places[0]!.fileOffset % 4096).toBe(0);
  expect(places.filter(({ fileOffset, byteLength }) => fileOffset % byteLength !== 0)).toEqual([]);
  expect(places.filter(({ dtype }) => dtype === "F16").map(({ name }) => name)).toEqual(tensors.filter(({ dtype }) => dtype === "F16").map(({ name }) => name));
  await opened.close();
});

test("at most one tensor is made at a time, each only when its turn comes", async () => {
  let alive = 0;
  let most = 0;
  const tensors = Array.from({ length: 20 }, (_, i): TensorToWrite => ({
    name: `t${String(i)}`, dtype: "U8", dims: [1000],
    bytes: async () => {
      most = Math.max(most, ++alive);
      await new Promise((resolve) => setImmediate(resolve));
      alive--;
      return new Uint8Array(1000);
    },
  }));
  await writeSafetensorsFile(join(folder, "lazy.safetensors"), tensors);
  expect(most).toBe(1);
});

test("a write that fails leaves the old file as it was and nothing beside it", async () => {
  const path = join(folder, "kept.safetensors");
  await writeFile(path, "old");
  const before = await readdir(folder);
  const nan = tensorToWrite("bad.weight", { dtype: "float32", dims: [3], data: Float32Array.of(1, NaN, Infinity) });
  const good = tensorToWrite("good", { dtype: "float32", dims: [1], data: Float32Array.of(1) });
  const failing: [string, TensorToWrite[]][] = [
    ["weights_not_finite", [good, nan]],
    ["tensor_wrong_size", [raw("short", "F32", [2], [0, 0, 0, 0])]],
    ["safetensors_duplicate_key", [good, good]],
    ["safetensors_duplicate_key", [raw("__metadata__", "U8", [1], [1])]],
    ["safetensors_bad_shape", [raw("t", "F32", [-1], [])]],
  ];
  for (const [code, tensors] of failing) expect(await codeOf(() => writeSafetensorsFile(path, tensors))).toBe(code);
  await expect(writeSafetensorsFile(path, [{ ...good, bytes: () => Promise.reject(new Error("no source")) }])).rejects.toThrow("no source");
  await expect(writeSafetensorsFile(path, [good, nan])).rejects.toThrow("bad.weight (2)");
  expect(await readFile(path, "utf8")).toBe("old");
  expect(await readdir(folder)).toEqual(before);
});

test("a file that shrinks while it is open fails the read, and a missing one the opening", async () => {
  const path = join(folder, "shrinks.safetensors");
  await writeSafetensorsFile(path, [raw("t", "U8", [5000], new Array<number>(5000).fill(1))]);
  const opened = await openSafetensorsFile(path);
  await truncate(path, 6000);
  expect(await codeOf(() => opened.read("t"))).toBe("source_truncated");
  await opened.close();
  expect(await codeOf(() => openSafetensorsFile(join(folder, "absent")))).toBe("file_unreadable");
  expect(await codeOf(() => openSafetensorsFile(folder))).toBe("file_unreadable");
});
