import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { codeOf } from "../../test/io/code.ts";
import { clipTokenizerFolder } from "../../test/reference-folder.ts";
import { checkTokenIds } from "../../test/token-check.ts";
import { byteCharacters } from "./byte-pairs.ts";
import { createClipTokenizer } from "./clip-tokenizer.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** A small vocabulary of the same build: every byte, alone and at a word's end, and a few merges. */
const merges = ["l o", "lo w</w>", "e r</w>", "lo w", "low er</w>"];
const symbols = [...byteCharacters, ...byteCharacters.map((c) => `${c}</w>`), ...merges.map((line) => line.replace(" ", "")), "<|startoftext|>", "<|endoftext|>"];
const files = { vocab: JSON.stringify(Object.fromEntries(symbols.map((symbol, id) => [symbol, id]))), merges: `#version: 0.2\n${merges.join("\n")}\n` };
const id = (symbol: string): number => symbols.indexOf(symbol);
const [start, end] = [id("<|startoftext|>"), id("<|endoftext|>")];

describe("with a vocabulary of five merges", () => {
  const tokenizer = createClipTokenizer(files, 8);

  test("pairs are merged by rank, words end marked, and the rest is padded with the end token", () => {
    expect(tokenizer.vocabularySize).toBe(519);
    expect(tokenizer.encode("Lower  low\tlow")).toEqual({ ids: [start, id("lower</w>"), id("low</w>"), id("low</w>"), end, end, end, end], cut: null, unknown: [] });
    expect(tokenizer.encode("").ids).toEqual([start, ...new Array<number>(7).fill(end)]);
  });

  test("what does not fit is reported as it was written, from the first word that does not fit whole", () => {
    const encoded = tokenizer.encode("low low  low low Zebra and  Apples");
    expect(encoded.cut).toBe("Zebra and Apples");
    expect(encoded.ids).toEqual([start, ...new Array<number>(4).fill(id("low</w>")), id("z"), id("e"), end]);
    expect(tokenizer.encode("low low low low low low").cut).toBeNull();
    expect(tokenizer.encode("low low low low low low.").cut).toBe(".");
  });

  test("any text has ids within the vocabulary, in bounded time", async () => {
    for (const text of ["\0\u{10ffff}\ud800", "İstanbul ΣΑΣ", "e\u0301", "<|ENDOFTEXT|>", "\u0300".repeat(500)]) {
      const { ids } = tokenizer.encode(text);
      expect(ids).toHaveLength(8);
      expect(ids.every((i) => i >= 0 && i < tokenizer.vocabularySize)).toBe(true);
    }
    expect(await codeOf(() => tokenizer.encode("a".repeat(20_001)))).toBe("prompt_too_long");
    expect(tokenizer.encode("lower".repeat(4000)).cut).toHaveLength(20_000);
  });
});

describe("files that are no CLIP tokenizer are refused", () => {
  const vocab = JSON.parse(files.vocab) as Record<string, number>;
  test.each([
    ["a vocabulary that is not JSON", { vocab: "{" }],
    ["a vocabulary that is a list", { vocab: "[]" }],
    ["ids that are no whole numbers", { vocab: JSON.stringify({ ...vocab, extra: 1.5 }) }],
    ["an id twice", { vocab: JSON.stringify({ ...vocab, extra: 0 }) }],
    ["a gap in the ids", { vocab: JSON.stringify({ ...vocab, extra: 9999 }) }],
    ["a byte without an id", { vocab: JSON.stringify(Object.fromEntries(Object.keys(vocab).filter((s) => s !== "!").map((s, i) => [s, i]))) }],
    ["no end token", { vocab: JSON.stringify(Object.fromEntries(symbols.slice(0, -1).map((s, i) => [s, i]))) }],
    ["a merge of one symbol", { merges: "lo\n" }],
    ["a merge of three symbols", { merges: "l o w\n" }],
    ["a merge into nothing known", { merges: "q q\n" }],
  ])("%s", async (_fault, change) => {
    expect(await codeOf(() => createClipTokenizer({ ...files, ...change }))).toBe("tokenizer_invalid");
  });
});

const folder = clipTokenizerFolder();

describe.skipIf(folder === null)("with CLIP's vocabulary (skipped where it is absent: set DEADIFF_TOKENIZER to its folder)", () => {
  const read = (name: string): string => readFileSync(join(folder ?? "", name), "utf8");
  let tokenizer: Tokenizer;
  beforeAll(() => {
    tokenizer = createClipTokenizer({ vocab: read("vocab.json"), merges: read("merges.txt") });
  });

  test("every text has the ids of the reference tokenizer", async () => {
    const comparisons = await checkTokenIds(folder ?? "");
    expect(comparisons.length).toBeGreaterThan(10);
    expect(comparisons.filter(({ error }) => error > 0)).toEqual([]);
  });

  test("a text of 76 tokens loses exactly its last word", () => {
    expect(tokenizer.encode("star ".repeat(75)).cut).toBeNull();
    expect(tokenizer.encode(`${"star ".repeat(75)} Moon`).cut).toBe("Moon");
  });
});
