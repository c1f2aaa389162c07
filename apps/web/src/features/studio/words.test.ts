import { expect, test } from "vitest";
import { markUnknown, suggest, wordAt } from "./words";

const words = new Set(["a", "mushroom", "dog's", "red"]);

test("unknown words are marked where they stand, known ones and punctuation are not", () => {
  expect(markUnknown("A red zeppelin, a mushroom!", words)).toEqual([
    { text: "A red ", known: true },
    { text: "zeppelin", known: false },
    { text: ", a mushroom!", known: true },
  ]);
  expect(markUnknown("a dog's", words)).toEqual([{ text: "a dog's", known: true }]);
});

test("a model that takes any text marks nothing", () => {
  expect(markUnknown("zeppelin", null)).toEqual([{ text: "zeppelin", known: true }]);
});

test("the text of the stretches is the prompt, whatever is written", () => {
  for (const prompt of ["", " ", "züg 🐶 – x", "a\nb\tc", "’’", "e\u0301clair"]) {
    expect(markUnknown(prompt, words).map(({ text }) => text).join("")).toBe(prompt);
  }
});

test("a word is completed at its end only", () => {
  expect(wordAt("a mush", 6)).toEqual({ from: 2, start: "mush" });
  expect(wordAt("a mush", 4)).toBeUndefined();
  expect(wordAt("a ", 2)).toBeUndefined();
});

test("subjects come before words, short ones first, the word itself never", () => {
  const vocabulary = { subjects: ["tropical fish", "tree", "trumpet"], words: ["tr", "tree", "train", "trim"] };
  expect(suggest("tr", vocabulary, 4)).toEqual(["tree", "trumpet", "tropical fish", "trim"]);
  expect(suggest("tree", vocabulary, 4)).toEqual([]);
});
