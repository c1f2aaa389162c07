import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import path from "node:path";
import { env as ort } from "onnxruntime-node";
import { writeFileAtomically } from "../node/atomic-file.ts";
import { hashIdentified, identityOf } from "../node/file-identity.ts";
import type { HashedFile } from "../node/file-identity.ts";
import type { SessionSource } from "../session.ts";
import { bakeGraph, GRAPH_FILE, WEIGHTS_FILE } from "./bake.ts";
import { processorFingerprint } from "./fingerprint.ts";
import { withLock } from "./lock.ts";
import type { RuntimeOptions } from "./options.ts";

const ENTRY_FILE = "entry.json";
/** Raised when the layout of an entry changes. */
const ENTRY_VERSION = 2;
const DEFAULT_LIMIT_BYTES = 16 * 2 ** 30;
const TEMPORARY = ".making-";
/** A folder still in the making after this long was left by a process that died. */
const ABANDONED_MS = 24 * 3_600_000;

/** What an entry consists of; written last, so that an entry with it is whole. */
type Entry = { version: number; files: EntryFile[] };

/** Read again, and held to its hash, when the identity that it was read under is no longer the file's. */
type EntryFile = HashedFile & { name: string; bytes: number };

/**
 * Optimised graphs on disk: `FOLDER/KEY/graph.onnx`, its weights (laid out and packed for this processor) beside it.
 * A session opened from one maps the weights from the file, so opening is quick, costs little memory of its own, and
 * processes share them.
 */
export type GraphCache = {
  /** The file of a source's optimised graph, made now if there is none. @throws `bake_failed` and file system errors */
  graph(source: SessionSource): Promise<{ file: string; from: "cache" | "baked" }>;
  /** Removes a source's entry. */
  discard(source: SessionSource): Promise<void>;
};

/** The cache in a folder, which processes may share. */
export function graphCache(folder: string, options: RuntimeOptions): GraphCache {
  const processor = processorFingerprint();
  const keyOf = (source: SessionSource): string => cacheKey(source, processor);
  return {
    async graph(source) {
      const key = keyOf(source);
      const entry = path.join(folder, key);
      const file = path.join(entry, GRAPH_FILE);
      if (await isWhole(entry)) return { file, from: "cache" };
      await mkdir(folder, { recursive: true });
      return withLock(path.join(folder, `${key}.lock`), async () => {
        if (await isWhole(entry)) return { file, from: "cache" };
        await remove(folder, entry);
        await removeUnfinished(folder, key);
        await make(folder, entry, source, options);
        await evict(folder, key, options.cacheLimitBytes ?? DEFAULT_LIMIT_BYTES);
        return { file, from: "baked" };
      });
    },
    discard: (source) => remove(folder, path.join(folder, keyOf(source))),
  };
}

/** Names all that an optimised graph depends on: the graph, the weights, the runtime that made it and the processor. */
function cacheKey(source: SessionSource, processor: string): string {
  const hash = createHash("sha256");
  for (const part of [`v${ENTRY_VERSION}`, ort.versions.node ?? "", processor, source.weightsHash ?? "", source.onnx]) {
    hash.update(`${part.length}:`).update(part);
  }
  return hash.digest("hex");
}

/** Whether an entry is there with every byte; marks it as used. */
async function isWhole(entry: string): Promise<boolean> {
  try {
    const marker = path.join(entry, ENTRY_FILE);
    const { version, files } = JSON.parse(await readFile(marker, "utf8")) as Entry;
    if (version !== ENTRY_VERSION) return false;
    const found: EntryFile[] = [];
    for (const file of files) {
      const now = await unchanged(path.join(entry, file.name), file);
      if (now === null) return false;
      found.push(now);
    }
    const isNew = found.some(({ identity }, i) => identity !== files[i]?.identity);
    // A cache on a read-only file system serves all the same: it only forgets the order of use, and what it has read.
    await (isNew ? writeMarker(entry, found) : utimes(marker, new Date(), new Date())).catch(() => undefined);
    return true;
  } catch {
    // Missing, truncated, not JSON, of another shape: all of these are an entry to be made anew.
    return false;
  }
}

/**
 * A file as its entry has it, or null where it holds something else. Gigabytes of weights are not read at each open, but
 * whenever the system says that the file may be another one: written to, restored, copied.
 */
async function unchanged(file: string, known: EntryFile): Promise<EntryFile | null> {
  const stats = await stat(file, { bigint: true });
  if (stats.size !== BigInt(known.bytes)) return null;
  if (identityOf(stats) === known.identity) return known;
  const read = await hashIdentified(file);
  return read.sha256 === known.sha256 ? { ...known, ...read } : null;
}

async function writeMarker(entry: string, files: EntryFile[]): Promise<void> {
  const content: Entry = { version: ENTRY_VERSION, files };
  await writeFileAtomically(path.join(entry, ENTRY_FILE), [new TextEncoder().encode(JSON.stringify(content))]);
}

/** Makes an entry aside and moves it into place whole. */
async function make(folder: string, entry: string, source: SessionSource, options: RuntimeOptions): Promise<void> {
  const aside = path.join(folder, `${TEMPORARY}${path.basename(entry)}-${randomUUID()}`);
  await mkdir(aside);
  try {
    await bakeGraph(source, aside, options);
    const files: EntryFile[] = [];
    for (const name of [GRAPH_FILE, WEIGHTS_FILE]) {
      const bytes = await flushed(path.join(aside, name));
      if (bytes !== undefined) files.push({ name, bytes, ...(await hashIdentified(path.join(aside, name))) });
    }
    await writeMarker(aside, files);
    await rename(aside, entry);
  } catch (cause) {
    await rm(aside, { recursive: true, force: true });
    // Lost the race against a process that did not see the lock: its entry is as good.
    if (await isWhole(entry)) return;
    throw cause;
  }
}

/** Removes what a process that was killed left of an entry; called under the entry's lock, so nobody is at work on it. */
async function removeUnfinished(folder: string, key: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(`${TEMPORARY}${key}-`)) await rm(path.join(folder, name), { recursive: true, force: true });
  }
}

/** Brings a file to the disk, so that a power failure cannot leave the right size with the wrong bytes. */
async function flushed(file: string): Promise<number | undefined> {
  let handle;
  try {
    handle = await open(file, "r+");
  } catch (error) {
    // A graph whose constants are all small has no weights file.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  try {
    await handle.sync();
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}

/** Removes an entry: it is gone at once, and processes that have its files mapped keep them. */
async function remove(folder: string, entry: string): Promise<void> {
  const aside = path.join(folder, `${TEMPORARY}${randomUUID()}`);
  try {
    await rename(entry, aside);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

/** Removes the least recently used entries until the rest fit, and what dead processes left. */
async function evict(folder: string, newest: string, limitBytes: number): Promise<void> {
  const entries: { name: string; bytes: number; usedMs: number }[] = [];
  for (const item of await readdir(folder, { withFileTypes: true })) {
    if (!item.isDirectory()) continue;
    const { name } = item;
    const directory = path.join(folder, name);
    try {
      if (name.startsWith(TEMPORARY)) {
        if (Date.now() - (await stat(directory)).mtimeMs > ABANDONED_MS) await rm(directory, { recursive: true, force: true });
        continue;
      }
      const { files } = JSON.parse(await readFile(path.join(directory, ENTRY_FILE), "utf8")) as Entry;
      const usedMs = (await stat(path.join(directory, ENTRY_FILE))).mtimeMs;
      entries.push({ name, bytes: files.reduce((sum, file) => sum + file.bytes, 0), usedMs });
    } catch {
      // Another process is removing or making it, or it is no entry of ours.
    }
  }
  entries.sort((a, b) => a.usedMs - b.usedMs);
  let total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { name, bytes } of entries) {
    if (total <= limitBytes) return;
    if (name === newest) continue;
    await remove(folder, path.join(folder, name));
    total -= bytes;
  }
}
