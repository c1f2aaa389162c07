import { describe, expect, test } from "vitest";
import { codeOf } from "../../test/io/code.ts";
import { createWordTokenizer, parseWordVocabulary, splitWords } from "./word-tokenizer.ts";

const tokenizer = createWordTokenizer({ words: ["a", "dog", "face", ",", "o'clock", "été"], contextLength: 8 });

test("known words have their ids between start and end, the rest is padding", () => {
  expect(tokenizer.vocabularySize).toBe(9);
  expect(tokenizer.encode("A Dog FACE, e\u0301te\u0301")).toEqual({ ids: [1, 3, 4, 5, 6, 8, 2, 0], cut: null, unknown: [] });
  expect(tokenizer.encode("  ")).toEqual({ ids: [1, 2, 0, 0, 0, 0, 0, 0], cut: null, unknown: [] });
});

test("unknown words are left out and reported once, punctuation is passed over", () => {
  expect(tokenizer.encode("a zebra! dog; Zebra-dog")).toEqual({ ids: [1, 3, 4, 4, 2, 0, 0, 0], cut: null, unknown: ["zebra"] });
});

test("what does not fit is reported as it was written", () => {
  expect(tokenizer.encode("dog dog dog dog dog dog").cut).toBeNull();
  expect(tokenizer.encode("dog dog dog dog dog zebra dog  Dog  Face").cut).toBe("Dog Face");
});

test("text is split into lower-case words and single marks", () => {
  expect(splitWords("It's 10 O'Clock: t-rex, 日本 — naïve")).toEqual(["it's", "10", "o'clock", ":", "t", "-", "rex", ",", "日本", "—", "naïve"]);
});

describe("word lists that cannot be used are refused", () => {
  const file = { format: "deadiff-words", formatVersion: 1, contextLength: 8, words: ["a"] };
  test.each([
    ["text that is not JSON", "{"],
    ["another format", JSON.stringify({ ...file, format: "x" })],
    ["no words", JSON.stringify({ ...file, words: [] })],
    ["a context without room", JSON.stringify({ ...file, contextLength: 2 })],
    ["a number among the words", JSON.stringify({ ...file, words: [1] })],
  ])("%s", async (_fault, json) => {
    expect(await codeOf(() => parseWordVocabulary(json))).toBe("tokenizer_invalid");
  });

  test("words that no text is split into, or that are listed twice", async () => {
    for (const words of [["Dog"], ["two words"], ["t-rex"], ["a", "a"], ["e\u0301"]]) {
      expect(await codeOf(() => createWordTokenizer({ words, contextLength: 8 }))).toBe("tokenizer_invalid");
    }
    expect(parseWordVocabulary(JSON.stringify(file))).toEqual(file);
  });
});
