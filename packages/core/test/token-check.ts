import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { createClipTokenizer } from "../src/text/clip-tokenizer.ts";
import type { Comparison } from "./comparison.ts";

const expectedRows = z.array(z.object({ text: z.string(), ids: z.array(z.int()) })).min(1);

/** Compares CLIP's token ids of every text with the reference tokenizer's: the error is how many differ. @param folder vocab.json, merges.txt and expected.json */
export async function checkTokenIds(folder: string): Promise<Comparison[]> {
  const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8");
  const tokenizer = createClipTokenizer({ vocab: await read("vocab.json"), merges: await read("merges.txt") });
  return expectedRows.parse(JSON.parse(await read("expected.json"))).map(({ text, ids }) => {
    const actual = tokenizer.encode(text).ids;
    return { name: `token ids of ${JSON.stringify(text.slice(0, 40))}`, error: actual.length === ids.length ? ids.filter((id, i) => id !== actual[i]).length : Infinity, tolerance: 0 };
  });
}
