import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { writeFileAtomically } from "./atomic-file.ts";

const recordSchema = z.strictObject({
  version: z.literal(1),
  /** The bundle's folder: for people who look. */
  folder: z.string(),
  /** By path below the folder: the hash that the file was seen to have, and its identity then. */
  files: z.record(z.string(), z.strictObject({ sha256: z.string(), identity: z.string() })),
});

export type VerifiedFiles = z.infer<typeof recordSchema>["files"];

/** The files of a bundle that were hashed before, as a cache folder remembers them. No record, or one that cannot be read, is an empty one. */
export async function readVerified(cacheFolder: string, bundle: string): Promise<VerifiedFiles> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(recordFile(cacheFolder, bundle), "utf8"))).files;
  } catch {
    return {};
  }
}

/** Remembers the files of a bundle that were hashed. A cache that cannot be written to forgets, and the files are hashed again next time. */
export async function writeVerified(cacheFolder: string, bundle: string, files: VerifiedFiles): Promise<void> {
  const file = recordFile(cacheFolder, bundle);
  const record: z.infer<typeof recordSchema> = { version: 1, folder: resolve(bundle), files };
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFileAtomically(file, [new TextEncoder().encode(JSON.stringify(record))]);
  } catch {
    // A full disk or a read-only folder: nothing is wrong with the bundle.
  }
}

/** One record a bundle, named by the bundle's folder, so that its later versions replace it. */
const recordFile = (cacheFolder: string, bundle: string): string =>
  join(cacheFolder, "verified", `${createHash("sha256").update(resolve(bundle)).digest("hex")}.json`);
