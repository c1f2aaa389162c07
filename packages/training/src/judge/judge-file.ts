import { readFile, writeFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DeadiffError, listParams } from "@deadiff/core";
import { float16Values, float32Values, openSafetensorsFile, sha256OfFile, tensorToWrite, writeSafetensorsFile } from "@deadiff/core/node";
import { z } from "zod";
import { ROOT_FOLDER } from "../data/paths.ts";
import type { Weights } from "../train/trainer.ts";
import { embedderSpec, namesSpec } from "./network.ts";
import type { EmbedderConfig } from "./network.ts";

/** The folder of the judge that ships with the repository. */
export const JUDGE_FOLDER = join(ROOT_FOLDER, "models/judge");

const size = z.int().positive();
const embedderSchema: z.ZodType<EmbedderConfig> = z.strictObject({
  patch: size, widths: z.array(size).readonly(), blocks: z.array(size).readonly(), groups: size, embedding: size, pool: z.enum(["quarters", "statistics"]),
});

const judgeSchema = z.strictObject({
  format: z.literal("deadiff-judge"),
  formatVersion: z.literal(1),
  style: embedderSchema,
  subject: embedderSchema,
  /** Words of the subjects' names, in the order of the table's rows, and the most words of a name. */
  words: z.array(z.string()).readonly(),
  nameLength: size,
  /** SHA-256 of the manifest of the dataset that it was trained on. */
  dataset: z.string(),
});

/** What a judge's networks are. */
export type JudgeDescription = z.infer<typeof judgeSchema>;

/** Parameters of a judge by name: `style.*`, `subject.*`, `names.*`. */
export const judgeParameters = ({ style, subject, words }: Pick<JudgeDescription, "style" | "subject" | "words">) =>
  listParams({ style: embedderSpec(style), subject: embedderSpec(subject), names: namesSpec(words.length, subject.embedding) });

/** A judge as it lies on disk. */
export type JudgeFile = { readonly description: JudgeDescription; readonly weights: Weights; /** SHA-256 of its weights. */ readonly hash: string };

/** Writes a judge: `judge.json` and its weights in float16. */
export async function writeJudge(folder: string, description: JudgeDescription, weights: Weights): Promise<void> {
  await mkdir(folder, { recursive: true });
  const tensors = judgeParameters(description).map(({ name, spec: { shape } }) => {
    const data = weights.get(name);
    if (data === undefined) throw new DeadiffError("stage_missing", `the judge's ${name} was not trained yet: run run-judge.ts style and run-judge.ts subject`);
    return tensorToWrite(name, { dtype: "float16", dims: shape, data: float16Values(name, { dtype: "float32", dims: shape, data }) });
  });
  await writeSafetensorsFile(join(folder, "weights.safetensors"), tensors);
  await writeFile(join(folder, "judge.json"), `${JSON.stringify(description, null, 1)}\n`);
}

/** Reads a judge. @throws DeadiffError `judge_missing`, `judge_invalid` */
export async function readJudge(folder: string): Promise<JudgeFile> {
  const text = await readFile(join(folder, "judge.json"), "utf8").catch((cause: unknown) => {
    throw new DeadiffError("judge_missing", `${folder} holds no judge: train it with run-judge.ts and gather it with make-judge.ts`, { cause });
  });
  const parsed = judgeSchema.safeParse(JSON.parse(text));
  if (!parsed.success) throw new DeadiffError("judge_invalid", `${folder}/judge.json is no judge:\n${z.prettifyError(parsed.error)}`);
  const description = parsed.data;
  const path = join(folder, "weights.safetensors");
  const file = await openSafetensorsFile(path);
  try {
    const weights = new Map<string, Float32Array>();
    for (const { name, spec: { shape } } of judgeParameters(description)) {
      if (file.tensors.get(name)?.dims.join() !== shape.join()) throw new DeadiffError("judge_invalid", `${path} holds no ${name} of [${shape.join(", ")}]`);
      weights.set(name, float32Values(name, await file.read(name)));
    }
    return { description, weights, hash: await sha256OfFile(path) };
  } finally {
    await file.close();
  }
}
