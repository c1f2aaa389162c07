import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { DeadiffError } from "@deadiff/core";
import { sha256OfFile } from "@deadiff/core/node";
import type { Subject } from "../subjects.ts";
import { shrink } from "./shrink.ts";
import { indexSchema, manifestSchema, splitSchema, type Index, type Manifest, type SplitFile } from "./format.ts";

/** A dataset in memory, at one picture size. */
export type Dataset = {
  readonly folder: string;
  /** SHA-256 of the manifest: the identity of the data, for checkpoints and reports. */
  readonly hash: string;
  readonly manifest: Manifest;
  readonly subjects: readonly Subject[];
  readonly pictures: Index["pictures"];
  readonly split: SplitFile;
  readonly pixels: Pixels;
};

/** All clean pictures of a dataset at one size; shared between threads. */
export type Pixels = {
  /** Side S of a picture. */
  readonly size: number;
  /** Premultiplied RGBA, uint8 // [pictures, S, S, 4] */
  readonly bytes: SharedArrayBuffer;
};

/** How `openDataset` reads. */
export type OpenOptions = {
  /** Side of the pictures in memory: the stored side or a whole fraction of it. */
  readonly size: number;
  /** Whether to hash every file first (about a second for the full dataset); on unless switched off. */
  readonly verify?: boolean;
};

/**
 * Opens a dataset folder and holds its pictures in memory at the size wanted (125 MB for 7,600 pictures at 64 pixels).
 *
 * @throws DeadiffError `dataset_missing` without a manifest, `dataset_changed` when a file is not the one of the manifest,
 * `dataset_size` when `size` does not divide the stored side.
 */
export async function openDataset(folder: string, { size, verify = true }: OpenOptions): Promise<Dataset> {
  const { manifest, hash } = await readManifest(folder);
  if (verify) await verifyDataset(folder, manifest);
  const index = indexSchema.parse(await readJson(folder, "index.json"));
  const split = splitSchema.parse(await readJson(folder, "split.json"));
  if (!Number.isInteger(index.side / size)) {
    throw new DeadiffError("dataset_size", `pictures of side ${index.side} cannot be read at ${size}: pick a whole fraction`);
  }
  const pixels = await readPixels(folder, index, size);
  return { folder, hash, manifest, subjects: index.subjects, pictures: index.pictures, split, pixels };
}

/** Reads `manifest.json` and its hash; throws `dataset_missing` when there is none. */
export async function readManifest(folder: string): Promise<{ manifest: Manifest; hash: string }> {
  const bytes = await readFile(join(folder, "manifest.json")).catch((cause: unknown) => {
    throw new DeadiffError("dataset_missing", `${folder} holds no dataset: make it with \`npm run data\``, { cause });
  });
  const manifest = manifestSchema.parse(JSON.parse(bytes.toString("utf8")));
  return { manifest, hash: createHash("sha256").update(bytes).digest("hex") };
}

/** Checks size and SHA-256 of every file that the manifest lists; throws `dataset_changed` with the names of those that differ. */
export async function verifyDataset(folder: string, manifest: Manifest): Promise<void> {
  const changed: string[] = [];
  for (const [file, { bytes, sha256 }] of Object.entries(manifest.files)) {
    const path = join(folder, file);
    const size = await stat(path).then((found) => found.size).catch(() => -1);
    if (size !== bytes || (await sha256OfFile(path)) !== sha256) changed.push(file);
  }
  if (changed.length > 0) {
    throw new DeadiffError(
      "dataset_changed",
      `${changed.join(", ")} in ${folder} are not the files of the manifest: make the dataset again with \`npm run data\``,
      { context: { changed } },
    );
  }
}

async function readPixels(folder: string, index: Index, size: number): Promise<Pixels> {
  const step = index.side / size;
  const stored = index.side * index.side * 4;
  const bytes = new SharedArrayBuffer(index.pictures.length * size * size * 4);
  const target = new Uint8Array(bytes);
  let next = 0;
  for (const shard of index.shards) {
    const source = await readFile(join(folder, shard.file));
    for (let i = 0; i < shard.pictures; i++) {
      shrink(source, i * stored, index.side, step, target, next * size * size * 4);
      next++;
    }
  }
  return { size, bytes };
}

async function readJson(folder: string, file: string): Promise<unknown> {
  return JSON.parse(await readFile(join(folder, file), "utf8")) as unknown;
}
