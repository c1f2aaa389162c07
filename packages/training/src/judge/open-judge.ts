import { bindParams, pixelsSigned, trace } from "@deadiff/core";
import type { HostImage, Runtime, Tensor } from "@deadiff/core";
import { openWithWeights } from "../train/fed.ts";
import type { JudgeFile } from "./judge-file.ts";
import { readNames } from "./names.ts";
import { embedderSpec, embedNames, embedPictures, JUDGE_SIDE, namesSpec } from "./network.ts";
import { judgePixels } from "./pictures.ts";

/** What the judge sees in a picture: embeddings of length 1, and the pooled features that distances of sets are taken in. */
export type Look = { readonly style: Float32Array; readonly subject: Float32Array; readonly features: Float32Array };

/** The judge's networks, open. */
export type Judge = {
  /** SHA-256 of the weights. */
  readonly hash: string;
  /** Looks at square pictures of one size, a multiple of 64 pixels. */
  look(pictures: readonly HostImage[]): Promise<Look[]>;
  /** Embeddings of names of subjects, comparable with `Look.subject`. @throws RangeError for words that no subject's name has */
  names(phrases: readonly string[]): Promise<Float32Array[]>;
  close(): Promise<void>;
};

/** Pictures that are looked at in one run. */
const BATCH = 32;

/** Opens a judge in a runtime. */
export async function openJudge(runtime: Runtime, { description: d, weights, hash }: JudgeFile): Promise<Judge> {
  const looking = await openWithWeights(runtime, trace("judge-look", { pixels: { shape: [BATCH, 3, JUDGE_SIDE, JUDGE_SIDE] } }, ({ pixels }: Record<"pixels", Tensor>) => {
    const subject = embedPictures(bindParams(embedderSpec(d.subject), "subject"), d.subject, pixels);
    return { style: embedPictures(bindParams(embedderSpec(d.style), "style"), d.style, pixels).embedding, subject: subject.embedding, features: subject.features };
  }), weights);
  const rowsOf = (output: { data: unknown } | undefined, rows: number, of: number): Float32Array[] => {
    if (!(output?.data instanceof Float32Array)) throw new TypeError("the judge returned no float32");
    const { data } = output;
    const width = data.length / of;
    return Array.from({ length: rows }, (_, i) => data.slice(i * width, (i + 1) * width));
  };
  return {
    hash,
    async look(pictures) {
      const looks: Look[] = [];
      for (let from = 0; from < pictures.length; from += BATCH) {
        const some = pictures.slice(from, from + BATCH);
        // The last batch is filled up with grey.
        const pixels = new Float32Array(BATCH * 3 * JUDGE_SIDE ** 2);
        some.forEach((picture, i) => {
          if (picture.width !== picture.height) throw new RangeError(`the judge looks at square pictures, not at ${picture.width} x ${picture.height}`);
          pixels.set(judgePixels(pixelsSigned(picture).data, picture.width), i * 3 * JUDGE_SIDE ** 2);
        });
        const out = await looking.run({ pixels: { dtype: "float32", dims: [BATCH, 3, JUDGE_SIDE, JUDGE_SIDE], data: pixels } });
        const [style, subject, features] = [out["style"], out["subject"], out["features"]].map((output) => rowsOf(output, some.length, BATCH));
        some.forEach((_, i) => looks.push({ style: style?.[i] ?? new Float32Array(0), subject: subject?.[i] ?? new Float32Array(0), features: features?.[i] ?? new Float32Array(0) }));
      }
      return looks;
    },
    async names(phrases) {
      const { ids, share } = readNames(d.words, d.nameLength, phrases);
      const naming = await openWithWeights(runtime, trace("judge-names", { ids: { shape: ids.dims, dtype: "int64" }, share: { shape: share.dims } }, (x) => ({
        names: embedNames(bindParams(namesSpec(d.words.length, d.subject.embedding), "names"), x.ids, x.share),
      })), weights);
      const { names } = await naming.run({ ids, share });
      await naming.close();
      return rowsOf(names, phrases.length, phrases.length);
    },
    close: () => looking.close(),
  };
}
