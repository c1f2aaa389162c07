import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { DeadiffError } from "../errors.ts";
import { checkManifest, isBundlePath, manifestName, type BundleFile, type BundleManifest } from "../weights/bundle.ts";
import { writeFileAtomically } from "./atomic-file.ts";
import { unwritable } from "./unwritable.ts";

/** A manifest before its files are written. */
export type BundleDescription<Config> = Omit<BundleManifest<Config>, "format" | "formatVersion" | "files">;

/** Writes one file of a bundle under construction; `path` is relative to the bundle. Fails with `bundle_unsafe_path`. */
export type WriteBundleFile = (path: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) => Promise<void>;

/**
 * Writes a model bundle, whole or not at all: `fill` writes the files into a hidden folder beside `folder`, each hashed
 * on the way, the manifest follows, and a rename makes it visible. An existing folder is refused with `bundle_exists`;
 * with `overwrite` a bundle (or an empty folder) is replaced, but never a folder that holds anything else.
 * Fails with `bundle_invalid` where the description does not fit the files, `file_unwritable` where the system refuses.
 */
export async function writeBundle<Config>(
  folder: string,
  description: BundleDescription<Config>,
  fill: (write: WriteBundleFile) => Promise<void>,
  options: { overwrite?: boolean } = {},
): Promise<BundleManifest<Config>> {
  const target = resolve(folder);
  const overwrite = options.overwrite ?? false;
  await requireReplaceable(target, overwrite);
  const part = sibling(target, "part");
  try {
    await mkdir(part, { recursive: true });
    const files: BundleFile[] = [];
    await fill(async (path, chunks) => {
      if (!isBundlePath(path)) throw new DeadiffError("bundle_unsafe_path", `${JSON.stringify(path)} is not a plain path below the bundle's folder`);
      await mkdir(dirname(join(part, path)), { recursive: true });
      files.push({ path, ...(await writeFileAtomically(join(part, path), chunks)) });
    });
    const manifest = { format: "deadiff-bundle", formatVersion: 1, ...description, files } as const;
    checkManifest(manifest, z.unknown());
    await writeFileAtomically(join(part, manifestName), [new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`)]);
    await (overwrite ? replace(target, part) : rename(part, target));
    return manifest;
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw unwritable(target, error);
  }
}

const sibling = (target: string, suffix: string): string => join(dirname(target), `.${basename(target)}.${randomUUID()}.${suffix}`);

/** The names in a folder, or undefined where there is none. */
async function namesIn(folder: string): Promise<readonly string[] | undefined> {
  return readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new DeadiffError("bundle_exists", `${folder} cannot be a bundle's folder`, { cause: error });
  });
}

/** Whether a bundle may be written to a folder. @throws DeadiffError `bundle_exists` */
export async function requireReplaceable(folder: string, overwrite: boolean): Promise<void> {
  const target = resolve(folder);
  const names = await namesIn(target);
  if (names === undefined) return;
  if (!overwrite) throw new DeadiffError("bundle_exists", `${target} exists already; choose another folder or ask to overwrite it`);
  if (names.length > 0 && !names.includes(manifestName)) throw new DeadiffError("bundle_exists", `${target} is no bundle (it has no ${manifestName}); it will not be replaced`);
}

/** Puts `part` in the place of `target`; what stood there is removed only after that. */
async function replace(target: string, part: string): Promise<void> {
  if ((await namesIn(target)) === undefined) {
    await rename(part, target);
    return;
  }
  const old = sibling(target, "old");
  await rename(target, old);
  try {
    await rename(part, target);
  } catch (error) {
    await rename(old, target);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}
