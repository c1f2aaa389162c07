import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { progressBar } from "../src/output/progress.ts";

test("a bar on a terminal tells the stage and how far it is, and guesses no time before the first step", () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 100 });
  const bar = progressBar({ bars: terminal as unknown as NodeJS.WriteStream, out: () => undefined, err: () => undefined, signal: new AbortController().signal, cwd: "", cacheFolder: "" });
  bar.show("reading the prompt", 0, 1);
  bar.show("drawing", 3, 4);
  bar.stop();
  const drawn = String(terminal.read());
  expect(drawn).toContain("reading the prompt");
  expect(drawn).toContain("0% | ... left");
  expect(drawn).not.toMatch(/INF|NF|NaN|NULL/u);
});
