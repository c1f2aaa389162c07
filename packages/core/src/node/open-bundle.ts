import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { DeadiffError } from "../errors.ts";
import { manifestName, parseManifest, type BundleFile, type BundleManifest } from "../weights/bundle.ts";
import { sha256OfFile } from "./hash-file.ts";

/** A model bundle on disk whose files were checked. */
export type Bundle<Config> = {
  readonly folder: string;
  readonly manifest: BundleManifest<Config>;
  /** The full path of a file that the manifest lists. Fails with `bundle_missing_file`. */
  path(file: string): string;
};

export type OpenBundleOptions<Config> = {
  /** The schema of the model's configuration. */
  config: z.ZodType<Config>;
  /** "full" hashes every file (reads all of it), "sizes" compares lengths only, "auto" hashes where that is quick. */
  verify: "full" | "sizes" | "auto";
};

/** Bundles below this are hashed under "auto": less than half a second. */
const autoHashBytes = 500e6;

/** A manifest longer than this is none. */
const maxManifestBytes = 4 << 20;

/**
 * Opens a model bundle: reads `bundle.json` and checks every file it lists, streamed.
 * Fails with `bundle_missing_file`, `bundle_size_mismatch`, `bundle_hash_mismatch` or the codes of `parseManifest`.
 */
export async function openBundle<Config>(folder: string, { config, verify }: OpenBundleOptions<Config>): Promise<Bundle<Config>> {
  const manifest = parseManifest(await readManifest(folder), config);
  const total = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  const level = verify !== "auto" ? verify : total < autoHashBytes ? "full" : "sizes";
  for (const file of manifest.files) await verifyFile(folder, file, level);
  const listed = new Set(manifest.files.map((file) => file.path));
  return {
    folder,
    manifest,
    path: (file) => {
      if (!listed.has(file)) throw new DeadiffError("bundle_missing_file", `the bundle ${manifest.name} lists no file ${file}`);
      return join(folder, file);
    },
  };
}

async function readManifest(folder: string): Promise<string> {
  const path = join(folder, manifestName);
  const bytes = await fileBytes(path);
  if (bytes > maxManifestBytes) throw new DeadiffError("bundle_invalid", `${path} has ${bytes} bytes, the limit is ${maxManifestBytes}`);
  return readFile(path, "utf8");
}

async function verifyFile(folder: string, file: BundleFile, verify: "full" | "sizes"): Promise<void> {
  const path = join(folder, file.path);
  const bytes = await fileBytes(path);
  if (bytes !== file.bytes) throw new DeadiffError("bundle_size_mismatch", `${path} has ${bytes} bytes, ${manifestName} says ${file.bytes}: the copy is incomplete or was changed`);
  if (verify === "sizes") return;
  const sha256 = await sha256OfFile(path);
  if (sha256 !== file.sha256) throw new DeadiffError("bundle_hash_mismatch", `${path} has SHA-256 ${sha256}, ${manifestName} says ${file.sha256}: the file is damaged or was changed`);
}

async function fileBytes(path: string): Promise<number> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new DeadiffError("bundle_missing_file", `the bundle has no file ${path}`, { cause });
  });
  if (!found.isFile()) throw new DeadiffError("bundle_missing_file", `${path} is not a file`);
  return found.size;
}
