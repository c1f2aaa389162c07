import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { finished } from "node:stream/promises";
import { sha256OfFile } from "@deadiff/core/node";
import type { Index, Manifest, SplitFile } from "./format.ts";

/** How many pictures a shard holds: 64 MB at 128 pixels. */
const SHARD_PICTURES = 1024;

/** Everything of a dataset but its pixels. */
export type DatasetParts = {
  readonly name: string;
  readonly side: number;
  readonly subjects: Index["subjects"];
  readonly pictures: Index["pictures"];
  readonly split: SplitFile;
  readonly vocabulary: readonly string[];
  /** Caption phrases by name of subject, hand and treatment, for people to read. */
  readonly captions: unknown;
  readonly licences: Manifest["licences"];
};

/**
 * Writes a dataset folder: `pictures-NNN.bin`, `index.json`, `split.json`, `captions.json`, `vocabulary.txt` and last
 * `manifest.json`. It is written beside `folder` and renamed, so a folder that exists is whole; an older one is replaced.
 *
 * `pixels` yields the pictures in the order of `parts.pictures`, RGBA, uint8, straight alpha // [side, side, 4]
 */
export async function writeDataset(folder: string, parts: DatasetParts, pixels: AsyncIterable<Uint8Array>): Promise<Manifest> {
  const draft = `${folder}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });

  const shards = await writeShards(draft, pixels);
  const index: Index = { side: parts.side, subjects: parts.subjects, pictures: parts.pictures, shards };
  await writeFile(join(draft, "index.json"), json(index));
  await writeFile(join(draft, "split.json"), json(parts.split));
  await writeFile(join(draft, "captions.json"), json(parts.captions));
  await writeFile(join(draft, "vocabulary.txt"), parts.vocabulary.map((word) => `${word}\n`).join(""));

  const files: Manifest["files"] = {};
  for (const file of [...shards.map((shard) => shard.file), "index.json", "split.json", "captions.json", "vocabulary.txt"]) {
    const path = join(draft, file);
    files[file] = { bytes: (await stat(path)).size, sha256: await sha256OfFile(path) };
  }
  const manifest: Manifest = {
    format: "deadiff-pictures",
    version: 1,
    name: parts.name,
    seed: parts.split.seed,
    counts: {
      subjects: parts.subjects.length,
      startSubjects: parts.subjects.filter((subject) => subject.start).length,
      pictures: parts.pictures.length,
      byHand: tally(parts.pictures.map((picture) => picture.hand)),
      bySubjectGroup: tally(parts.subjects.map((subject) => subject.group)),
    },
    licences: parts.licences,
    files,
  };
  await writeFile(join(draft, "manifest.json"), json(manifest));
  await rm(folder, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  await rename(draft, folder);
  return manifest;
}

async function writeShards(folder: string, pixels: AsyncIterable<Uint8Array>): Promise<Index["shards"]> {
  const shards: { file: string; pictures: number }[] = [];
  let open: ReturnType<typeof createWriteStream> | undefined;
  for await (const picture of pixels) {
    let shard = shards.at(-1);
    if (shard === undefined || shard.pictures === SHARD_PICTURES) {
      if (open !== undefined) await finished(open.end());
      shard = { file: `pictures-${String(shards.length).padStart(3, "0")}.bin`, pictures: 0 };
      shards.push(shard);
      open = createWriteStream(join(folder, shard.file));
    }
    shard.pictures++;
    if (open !== undefined && !open.write(picture)) await once(open, "drain");
  }
  if (open !== undefined) await finished(open.end());
  return shards;
}

function tally<K extends string>(keys: readonly K[]): Partial<Record<K, number>> & Record<string, number> {
  const counts: Record<string, number> = {};
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
  return counts as Partial<Record<K, number>> & Record<string, number>;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
