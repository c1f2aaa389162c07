import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { splitWords } from "@deadiff/core";
import { pairAt, viewOf, HANDS } from "../src/index.ts";
import { plainWords, withArticle } from "../src/data/words.ts";
import { PACKAGE_FOLDER } from "../src/data/paths.ts";
import { readPhrases } from "../src/data/subjects.ts";
import { makeFixture } from "./fixture.ts";

let fixture: Awaited<ReturnType<typeof makeFixture>>;
beforeAll(async () => {
  fixture = await makeFixture(64, 3);
});
afterAll(() => fixture.remove());

describe("captions", () => {
  it("use no word that is not in the vocabulary file", async () => {
    const vocabulary = new Set((await readFile(join(fixture.folder, "vocabulary.txt"), "utf8")).trim().split("\n"));
    const view = viewOf(fixture.dataset, "everything");
    for (let n = 0; n < 6000; n++) {
      const { caption } = pairAt(view, 5, n).target;
      for (const text of [caption.content, caption.style, caption.text]) {
        for (const word of splitWords(text)) if (!vocabulary.has(word)) expect.fail(`"${word}" of "${text}"`);
      }
    }
  });

  it("keep content and style apart, and join them with some, all or none of the style", () => {
    const view = viewOf(fixture.dataset, "train");
    const shares = { none: 0, all: 0 };
    for (let n = 0; n < 2000; n++) {
      const { caption, style, cell } = pairAt(view, 5, n, { tasks: ["reconstruction"] }).target;
      expect(caption.text.startsWith(caption.content)).toBe(true);
      expect(caption.content).toContain(cell.subject.name.split(" ").at(-1));
      expect(HANDS.find(({ id }) => id === style.hand)!.words.some((words) => caption.style.startsWith(`${words}, `))).toBe(true);
      if (caption.text === caption.content) shares.none++;
      if (caption.text === `${caption.content}, ${caption.style}`) shares.all++;
    }
    expect(shares.none / 2000).toBeCloseTo(1 / 8, 1);
    expect(shares.all / 2000).toBeCloseTo(1 / 2, 1);
  });

  it("call the start list by plain words, each subject by its own", async () => {
    const start = await readPhrases(join(PACKAGE_FOLDER, "subjects/start.json"));
    const phrases = Object.values(start).flat();
    expect(Object.keys(start).length).toBeGreaterThan(200);
    expect(new Set(phrases).size).toBe(phrases.length);
    for (const phrase of phrases) expect(phrase).toBe(plainWords(phrase));
  });

  it.each([
    ["dog face", "a dog face"], ["owl", "an owl"], ["hourglass", "an hourglass"], ["unicorn", "a unicorn"], ["grapes", "grapes"],
    ["cactus", "a cactus"], ["bus", "a bus"], ["cross", "a cross"], ["pair of jeans", "a pair of jeans"],
  ])("give %s its article", (words, phrase) => {
    expect(withArticle(words)).toBe(phrase);
  });
});
