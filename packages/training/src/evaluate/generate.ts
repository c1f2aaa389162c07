import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BRANCHES, samplingDefaults, stylizeBatch } from "@deadiff/core";
import type { HostImage, StylizeInput } from "@deadiff/core";
import { decodeImage, encodePng, writeFileAtomically } from "@deadiff/core/node";
import type { Judged } from "./models.ts";

/** Pictures sampled side by side. */
const BATCH = 8;

/** Makes pictures, or takes them from an earlier evaluation: each is kept under the hash of model and request. */
export type Generator = {
  generate(judged: Judged, label: string, requests: readonly StylizeInput[]): Promise<HostImage[]>;
  /** Pictures made, not found, and the seconds that took. */
  readonly made: { pictures: number; seconds: number };
};

/** A generator that keeps its pictures in a folder. */
export function createGenerator(folder: string, log: (line: string) => void): Generator {
  const made = { pictures: 0, seconds: 0 };
  return {
    made,
    async generate({ model, identity }, label, requests) {
      const files = requests.map((request) => join(folder, keyOf({ model, identity }, request)));
      const missing = [...requests.entries()].filter(([i]) => !existsSync(files[i] ?? ""));
      for (let from = 0; from < missing.length; from += BATCH) {
        const some = missing.slice(from, from + BATCH);
        const since = performance.now();
        const pictures = await stylizeBatch(model, some.map(([, request]) => request));
        made.pictures += pictures.length;
        made.seconds += (performance.now() - since) / 1000;
        for (const [k, picture] of pictures.entries()) {
          const file = files[some[k]?.[0] ?? -1];
          if (file === undefined) continue;
          await mkdir(dirname(file), { recursive: true });
          await writeFileAtomically(file, [await encodePng(picture)]);
        }
        log(`${label}: ${Math.min(missing.length, from + BATCH)} of ${missing.length} pictures, ${(made.pictures / made.seconds).toFixed(1)} a second`);
      }
      return Promise.all(files.map(async (file) => decodeImage(await readFile(file))));
    },
  };
}

/** Where a request's picture is kept: references count by their pixels, style codes by their tokens, what is not asked for by the model's defaults. */
function keyOf({ model, identity }: Judged, { references = [], ...request }: StylizeInput): string {
  const pictures = references.map((reference) => {
    if ("image" in reference) {
      const { image, ...influence } = reference;
      return { ...influence, image: hashOf(image.data) };
    }
    const { code: { encoder, tokens }, ...influence } = reference;
    return { ...influence, encoder, code: BRANCHES.map((branch) => tokens[branch] && hashOf(tokens[branch])) };
  });
  const hash = hashOf(JSON.stringify([identity, samplingDefaults(model.preset), pictures, request]));
  return join(hash.slice(0, 2), `${hash}.png`);
}

const hashOf = (data: string | Uint8Array | Float32Array): string =>
  createHash("sha256").update(typeof data === "string" ? data : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)).digest("hex");
