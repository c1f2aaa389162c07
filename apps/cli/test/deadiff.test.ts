import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { hostImage, parametersSchema, SAMPLER_NAMES, SPACINGS } from "@deadiff/core";
import { decodeImage, encodePng, readPngParameters, writeRandomBundle } from "@deadiff/core/node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { makeFixture } from "../../../packages/training/test/fixture.ts";
import { parseReference } from "../src/arguments/reference.ts";
import { deadiffIn } from "./command.ts";
import { reference, referenceConfig, tokenizer } from "./reference.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "deadiff-cli-"));
  await writeRandomBundle(join(folder, "tiny"), { size: 32 });
  await writeRandomBundle(join(folder, "other"), { size: 32, seed: 2 });
  await writeFile(join(folder, "ref.png"), await encodePng(hostImage(8, 8, new Uint8Array(192).map((_, i) => i))));
});
afterAll(() => rm(folder, { recursive: true }));

const deadiff = (line: string) => deadiffIn(folder, line);

const generate = "generate -b tiny --no-cache --threads 1 -r ref.png -p cat --steps 2";

test("generate writes a PNG that holds every parameter, and the same parameters make it again", async () => {
  const { code, out } = await deadiff(`${generate} -o one.png --seed 5 --strength 0.5 --gains 1,1,1,0,0,1,1 --size 32x16 --negative bad --sampler heun --guidance 3 --json`);
  expect(code).toBe(0);
  const png = await readFile(join(folder, "one.png"));
  const parameters = parametersSchema.parse(readPngParameters(png));
  expect(parameters).toMatchObject({ seed: "5", strength: 0.5, gains: [1, 1, 1, 0, 0, 1, 1], width: 32, height: 16, negativePrompt: "bad", sampler: "heun", guidance: 3, steps: 2, prompt: "cat" });
  expect(JSON.parse(out)).toMatchObject({ images: [{ file: "one.png", seed: "5" }], parameters, warnings: [], provider: { name: expect.stringMatching(/^(cpu|cuda)$/u) as string, reason: expect.stringMatching(/./u) as string } });
  await deadiff(`${generate} -o two.png --seed 5 --strength 0.5 --gains 1,1,1,0,0,1,1 --size 32x16 --negative bad --sampler heun --guidance 3`);
  expect(await readFile(join(folder, "two.png"))).toEqual(png);
  const inspected = await deadiff("inspect one.png --json");
  expect(JSON.parse(inspected.out)).toEqual({ kind: "picture", ...parameters });
}, 30_000);

test("several pictures are numbered", async () => {
  expect((await deadiff(`${generate} -o many.png --count 3 --seed 1`)).code).toBe(0);
  expect((await readdir(folder)).filter((name) => name.startsWith("many"))).toEqual(["many-1.png", "many-2.png", "many-3.png"]);
}, 30_000);

describe("every sampler with every spacing that it has", () => {
  /** DDIM's timesteps are its own. */
  const combinations = SAMPLER_NAMES.flatMap((sampler) => SPACINGS.filter((spacing) => sampler !== "ddim" || spacing === "normal").map((spacing) => ({ sampler, spacing })));
  const isAncestral = (name: string): boolean => name.startsWith("euler_ancestral");
  /** Mean distance of two pictures, in levels of 255. */
  const distance = (a: Uint8Array, b: Uint8Array): number => a.reduce((sum, level, i) => sum + Math.abs(level - (b[i] ?? NaN)), 0) / a.length;

  test("draws a picture of its own and writes down what it took; without noise of their own all go to one picture", async () => {
    const pictures = new Map<string, Uint8Array>();
    for (const { sampler, spacing } of combinations) {
      const name = `${sampler}-${spacing}`;
      // The first one bakes the graphs for the others.
      expect(await deadiff(`generate -b tiny --threads 1 -r ref.png -p cat --steps 40 --seed 3 --sampler ${sampler} --spacing ${spacing} -o ${name}.png`)).toMatchObject({ code: 0 });
      const png = await readFile(join(folder, `${name}.png`));
      expect(readPngParameters(png)).toMatchObject({ sampler, spacing, steps: 40 });
      pictures.set(name, (await decodeImage(png)).data);
    }
    expect(pictures.size).toBe(13);
    const pairs = [...pictures].flatMap(([a, x], i) => [...pictures].slice(i + 1).map(([b, y]) => ({ a, b, levels: distance(x, y) })));
    expect(pairs.filter(({ levels }) => levels === 0)).toEqual([]);
    // They solve one equation: 40 steps leave 1 to 4 levels between them, where noise of its own leaves more than 80.
    expect(pairs.filter(({ a, b, levels }) => (isAncestral(a) === isAncestral(b) ? !isAncestral(a) && levels > 6 : levels < 40))).toEqual([]);
  }, 120_000);

  test("is offered by the command; DDIM has its own timesteps, and other names are refused with those there are", async () => {
    const help = (await deadiff("generate --help")).out.replaceAll(/\s+/gu, " ");
    for (const name of [...SAMPLER_NAMES, ...SPACINGS]) expect(help).toContain(`"${name}"`);
    expect(await deadiff("generate -b tiny --no-cache -p cat --sampler ddim --spacing karras -o x.png")).toMatchObject({ code: 2, err: expect.stringContaining("[sampler_spacing]") as string });
    for (const [flag, there] of [["--sampler plms", "dpmpp_2m"], ["--spacing cosine", "karras"]]) {
      expect(await deadiff(`generate -b tiny -p cat ${flag ?? ""} -o x.png`)).toMatchObject({ code: 2, err: expect.stringContaining(there ?? "") as string });
    }
    expect(await readdir(folder)).not.toContain("x.png");
  });
});

test("a style code is saved, blended, inspected and used, and refused by another model", async () => {
  expect((await deadiff("style save ref.png -b tiny --no-cache --mode style -o a.style")).code).toBe(0);
  expect((await deadiff("style blend a.style:0.25 a.style -o b.style")).code).toBe(0);
  expect(await readFile(join(folder, "b.style"))).toEqual(await readFile(join(folder, "a.style")));
  expect(JSON.parse((await deadiff("inspect b.style --json")).out)).toMatchObject({ kind: "style-code", branches: ["style"] });
  expect((await deadiff("generate -b tiny --no-cache -r b.style:0.7:style -p cat --steps 1 -o code.png")).code).toBe(0);
  const refused = await deadiff("generate -b other --no-cache -r b.style -p cat --steps 1 -o no.png");
  expect(refused).toMatchObject({ code: 2, out: "" });
  expect(refused.err).toContain("[style_code_version]");
  expect(await readdir(folder)).not.toContain("no.png");
}, 30_000);

test("inspect tells a bundle's sizes, parts and files", async () => {
  const { out } = await deadiff("inspect tiny --verify --json");
  expect(JSON.parse(out)).toMatchObject({ kind: "bundle", name: "tiny", preset: "tiny", prediction: "v", sizes: { default: 32 } });
  expect((await deadiff("inspect tiny")).out).toMatch(/^kind +bundle\nname +tiny\n/);
});

test("import makes a bundle of the reference checkpoint, and nothing of one that does not fit", async () => {
  await writeFile(join(folder, "config.json"), JSON.stringify(await referenceConfig()));
  expect(await deadiff(`import ${reference}checkpoint.ckpt --tokenizer ${tokenizer} --config config.json -o imported`)).toMatchObject({ code: 0, err: "" });
  expect(JSON.parse((await deadiff("inspect imported --json")).out)).toMatchObject({ name: "small", sizes: { default: 512, multipleOf: 64 } });
  expect(await deadiff(`import ${reference}checkpoint.ckpt --tokenizer ${tokenizer} -o sd15`)).toMatchObject({ code: 2, err: expect.stringContaining("[checkpoint_keys]") as string });
  expect(await deadiff(`import ${reference}checkpoint.ckpt --tokenizer ${tokenizer} --config config.json -o imported --json`)).toMatchObject({ code: 2, out: expect.stringContaining("bundle_exists") as string });
  const names = await readdir(folder);
  expect(names).not.toContain("sd15");
  expect(names.filter((name) => name.startsWith("."))).toEqual([]);
}, 30_000);

test.each([
  ["generate -b nowhere -o x.png", 2, "bundle_missing_file"],
  ["generate -b tiny -r missing.png -o x.png", 2, "file_unreadable"],
  ["generate -b tiny -r config.txt -o x.png", 2, "unsupported_format"],
  ["generate -b tiny -o x.jpg", 2, "output_format"],
  ["generate -b tiny -o no/where/x.png", 2, "output_folder"],
  ["generate -b tiny --no-cache --size 33 -o x.png", 2, "size_unsupported"],
  ["generate -b tiny --no-cache --steps 0 -o x.png", 2, "request_invalid"],
  ["inspect ref.png", 2, "no_parameters"],
  ["inspect nothing", 2, "file_unreadable"],
  ["style blend ref.png -o x.style", 2, "style_code_invalid"],
])("%s fails with %i and %s, and leaves nothing", async (line, code, expected) => {
  await writeFile(join(folder, "config.txt"), "words");
  const plain = await deadiff(line);
  expect(plain.code).toBe(code);
  expect(plain.err).toContain(`[${expected}]`);
  const json = await deadiff(`${line} --json`);
  expect([json.code, (JSON.parse(json.out) as { error: { code: string } }).error.code]).toEqual([code, expected]);
  expect((await readdir(folder)).filter((name) => name.startsWith("x."))).toEqual([]);
}, 30_000);

test.each([["generate", 2], ["generate -o x.png --steps many", 2], ["generate -o x.png --gains loud", 2], ["generate -o x.png --size big", 2], ["nonsense", 2], ["--help", 0], ["--version", 0]])(
  "%s ends with %i", async (line, code) => {
    expect((await deadiff(line)).code).toBe(code);
  },
);

test("a reference names its file, weight and mode", () => {
  expect(parseReference("a.png")).toEqual({ file: "a.png" });
  expect(parseReference("a.png:0.5")).toEqual({ file: "a.png", weight: 0.5 });
  expect(parseReference("a.png:.5:both")).toEqual({ file: "a.png", weight: 0.5, mode: "both" });
  expect(parseReference("a.png:content")).toEqual({ file: "a.png", mode: "content" });
  expect(parseReference("C:\\pictures\\a.png:2:style")).toEqual({ file: "C:\\pictures\\a.png", weight: 2, mode: "style" });
});

const script = fileURLToPath(new URL("../src/deadiff.ts", import.meta.url));

test("Ctrl-C stops a job with 130, writes nothing and leaves no process", async () => {
  const child = spawn(process.execPath, [script, ...`${generate} -o stopped.png --steps 1000 --count 64 --size 256`.split(" ")], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let err = "";
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const children = await vi.waitFor(async () => {
    // `ps` fails where there are none. A runtime that has its title has begun its work.
    const { stdout } = await promisify(execFile)("ps", ["-o", "pid=,comm=", "--ppid", String(child.pid)]);
    expect(stdout).toContain("deadiff-runtime");
    return [...stdout.matchAll(/^ *(\d+) /gmu)].map(([, pid]) => Number(pid));
  }, { timeout: 40_000, interval: 100 });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  child.kill("SIGINT");
  expect(await ended).toBe(130);
  expect(err).toContain("[interrupted]");
  expect(await readdir(folder)).not.toContain("stopped-01.png");
  for (const pid of children) expect(() => process.kill(pid, 0)).toThrow();
}, 60_000);

test("train says what a step needs, trains on a folder of pairs, and leaves a bundle that generate takes", async () => {
  await mkdir(join(folder, "own"));
  const pictures = ["cat", "dog"].flatMap((subject) => ["red", "blue"].map((style) => ({ file: `${subject}-${style}.png`, subject: `a ${subject}`, style })));
  for (const [i, { file }] of pictures.entries()) await writeFile(join(folder, "own", file), await encodePng(hostImage(8, 8, new Uint8Array(192).map((_, k) => (k * (i + 3)) % 256))));
  await writeFile(join(folder, "own/pairs.json"), JSON.stringify({ format: "deadiff-pairs", formatVersion: 1, pictures }));
  const planned = JSON.parse((await deadiff("train tiny --pairs own -b tiny --plan --json")).out) as { fedBytes: number; valueBytes: number };
  expect(planned.fedBytes).toBeGreaterThan(10_000);
  expect(planned.valueBytes).toBeGreaterThan(10_000);
  // The gradients of what learns are kept, and the batches of an update come one after the other.
  const accumulating = JSON.parse((await deadiff("train tiny --pairs own -b tiny --accumulate 4 --plan --json")).out) as typeof planned;
  expect(accumulating.fedBytes).toBeGreaterThan(planned.fedBytes);
  expect(accumulating.fedBytes).toBeLessThan(2 * planned.fedBytes);
  const trained = await deadiff("train tiny --pairs own -b tiny -o trained --steps 2 --threads 1 --json");
  expect(trained.code).toBe(0);
  expect(JSON.parse(trained.out)).toEqual({ bundle: join(folder, "trained/bundle") });
  expect((await deadiff("generate -b trained/bundle --no-cache --threads 1 -r ref.png -p cat --steps 2 -o own.png")).code).toBe(0);
}, 120_000);

test.each(["--accumulate 0", "--accumulate 1.5", "--batch -1", "--batch 0", "--steps 0", "--threads 0.5"])("train refuses %s before it reads anything", async (flags) => {
  expect(await deadiff(`train tiny --pairs own -b tiny --steps 1 ${flags}`)).toMatchObject({ code: 2, err: expect.stringContaining("a whole number from 1 on is wanted") as string });
});

test("train refuses by name what it cannot train", async () => {
  expect(await deadiff("train no-such-stage")).toMatchObject({ code: 2, err: expect.stringContaining("stage_unknown") as string });
  expect(await deadiff("train tiny --pairs nowhere -b tiny --steps 1")).toMatchObject({ code: 2, err: expect.stringContaining("pairs_missing") as string });
  expect(await deadiff("train tiny --pairs own -b tiny")).toMatchObject({ code: 2, err: expect.stringContaining("--steps") as string });
});

test("evaluate asks a model about pictures that it never saw, judges the answers, and writes a report with its pictures", async () => {
  const data = await makeFixture(128);
  try {
    await writeRandomBundle(join(folder, "judged"), { size: 128 });
    expect((await deadiff(`evaluate -b judged --images 6 --data ${data.folder} --cache answers -o report`)).code).toBe(0);
    const report = await readFile(join(folder, "report/evaluation.md"), "utf8");
    /** The first number of a row's second column: the style cosine. */
    const styleOf = (row: string): number => Number(new RegExp(`^\\| ${row} \\| (-?[\\d.]+)`, "mu").exec(report)?.[1]);
    // A copy is the reference's style itself; a real answer is near it; an untrained model is nowhere near.
    expect(styleOf("reference copied")).toBeGreaterThan(0.99);
    expect(styleOf("real picture")).toBeGreaterThan(styleOf("tiny as shipped") + 0.1);
    for (const picture of ["evaluation.webp", "strength.svg"]) expect((await stat(join(folder, "report/images", picture))).size).toBeGreaterThan(1000);
    // A fault without a code is a defect.
    expect(await deadiff(`evaluate -b judged --images 6 --data ${data.folder} --cache ref.png -o none`)).toMatchObject({ code: 1, err: expect.stringContaining("[script_failed]") as string });
  } finally {
    await data.remove();
  }
}, 400_000);

test.each([["--images 2 --data nowhere", "request_invalid"], ["--data nowhere", "dataset_missing"]])("evaluate %s is refused as %s, and writes no report", async (flags, code) => {
  expect(await deadiff(`evaluate ${flags} --cache answers -o none`)).toMatchObject({ code: 2, err: expect.stringContaining(`[${code}]`) as string });
  expect(await readdir(folder)).not.toContain("none");
}, 60_000);
