import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import { sha256OfFile } from "./hash-file.ts";

/** What the system says of a file; any write to it, or another file in its place, makes another one. */
export type FileIdentity = string;

/**
 * The identity of a file: device, inode, length, and the times of its last write and of its last change in any respect.
 * The second cannot be set back by a program, so that a write that restores the first is seen as well.
 */
export const identityOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileIdentity => [dev, ino, size, mtimeNs, ctimeNs].join(":");

/**
 * Times on some file systems are told to two seconds: a file that was changed so shortly before it was read may be
 * changed again and still have the same times.
 */
const RESOLUTION_MS = 2_000;

/** What a file was read to hold, and the identity that it keeps while it holds that. */
export type HashedFile = {
  sha256: string;
  /** Null where a later change would not show for sure: the file is too young, or changed while it was read. */
  identity: FileIdentity | null;
};

/** Hashes a file; `onBytes` is told the length of each piece, and ends the work by throwing. */
export async function hashIdentified(path: string, onBytes?: (bytes: number) => void): Promise<HashedFile> {
  const startedMs = Date.now();
  const before = await stat(path, { bigint: true });
  const sha256 = await sha256OfFile(path, onBytes);
  const settled = Number(before.ctimeMs) + RESOLUTION_MS < startedMs && identityOf(await stat(path, { bigint: true })) === identityOf(before);
  return { sha256, identity: settled ? identityOf(before) : null };
}
