import { readFile, stat } from "node:fs/promises";
import type { BigIntStats } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { DeadiffError } from "../errors.ts";
import { manifestName, parseManifest, type BundleFile, type BundleManifest } from "../weights/bundle.ts";
import { hashIdentified, identityOf } from "./file-identity.ts";
import { readVerified, writeVerified } from "./verified-files.ts";
import type { VerifiedFiles } from "./verified-files.ts";

/** A model bundle on disk whose files were checked. */
export type Bundle<Config> = {
  readonly folder: string;
  readonly manifest: BundleManifest<Config>;
  /** The full path of a file that the manifest lists. Fails with `bundle_missing_file`. */
  path(file: string): string;
};

/** How the files of a bundle are checked against its manifest. */
export type Verification = {
  /** `full` hashes every file; `once` (the default) those that are not known to be unchanged since they were hashed; `sizes` compares lengths alone. */
  verify?: "full" | "once" | "sizes";
  /** Where it is remembered which files were hashed; without it `once` hashes all of them at each open, about a second per GB. */
  cacheFolder?: string;
  /** Told how many bytes of all that are to be hashed were; ends the work by throwing. */
  onVerify?: (done: number, total: number) => void;
};

export type OpenBundleOptions<Config> = Verification & {
  /** The schema of the model's configuration. */
  config: z.ZodType<Config>;
};

/** A manifest longer than this is none. */
const maxManifestBytes = 4 << 20;

/**
 * Opens a model bundle: reads `bundle.json` and checks every file it lists, streamed.
 * Fails with `bundle_missing_file`, `bundle_size_mismatch`, `bundle_hash_mismatch` or the codes of `parseManifest`.
 */
export async function openBundle<Config>(folder: string, { config, ...verification }: OpenBundleOptions<Config>): Promise<Bundle<Config>> {
  const manifest = parseManifest(await readManifest(folder), config);
  await verifyFiles(folder, manifest.files, verification);
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
  const { size } = await fileStats(path);
  if (size > maxManifestBytes) throw new DeadiffError("bundle_invalid", `${path} has ${size} bytes, the limit is ${maxManifestBytes}`);
  return readFile(path, "utf8");
}

/** A file that the manifest lists, and what the system says of it. */
type FoundFile = { file: BundleFile; path: string; stats: BigIntStats };

/** Checks the lengths of all files first, then the hashes that are asked for. */
async function verifyFiles(folder: string, files: readonly BundleFile[], { verify = "once", cacheFolder, onVerify }: Verification): Promise<void> {
  const found = await Promise.all(files.map((file) => findFile(folder, file)));
  if (verify === "sizes") return;
  const before = verify === "once" && cacheFolder !== undefined ? await readVerified(cacheFolder, folder) : {};
  const isKnown = ({ file, stats }: FoundFile): boolean => before[file.path]?.sha256 === file.sha256 && before[file.path]?.identity === identityOf(stats);
  const unknown = found.filter((item) => !isKnown(item));
  if (unknown.length === 0) return;
  const total = unknown.reduce((sum, { file }) => sum + file.bytes, 0);
  let done = 0;
  const known: VerifiedFiles = Object.fromEntries(found.filter(isKnown).map(({ file, stats }) => [file.path, { sha256: file.sha256, identity: identityOf(stats) }]));
  for (const { file, path } of unknown) {
    const { sha256, identity } = await hashIdentified(path, (bytes) => onVerify?.(done += bytes, total));
    if (sha256 !== file.sha256) throw new DeadiffError("bundle_hash_mismatch", `${path} has SHA-256 ${sha256}, ${manifestName} says ${file.sha256}: the file is damaged or was changed`);
    if (identity !== null) known[file.path] = { sha256, identity };
  }
  if (cacheFolder !== undefined) await writeVerified(cacheFolder, folder, known);
}

async function findFile(folder: string, file: BundleFile): Promise<FoundFile> {
  const path = join(folder, file.path);
  const stats = await fileStats(path);
  if (stats.size !== BigInt(file.bytes)) throw new DeadiffError("bundle_size_mismatch", `${path} has ${stats.size} bytes, ${manifestName} says ${file.bytes}: the copy is incomplete or was changed`);
  return { file, path, stats };
}

async function fileStats(path: string): Promise<BigIntStats> {
  const found = await stat(path, { bigint: true }).catch((cause: unknown) => {
    throw new DeadiffError("bundle_missing_file", `the bundle has no file ${path}`, { cause });
  });
  if (!found.isFile()) throw new DeadiffError("bundle_missing_file", `${path} is not a file`);
  return found;
}
