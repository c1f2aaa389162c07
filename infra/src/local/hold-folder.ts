import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** A stack that runs on the folder already. */
export class FolderInUse extends Error {
  override readonly name = "FolderInUse";
  /** What the other one said of itself with {@link HeldFolder.describe}. */
  readonly holder: Readonly<Record<string, unknown>>;
  constructor(folder: string, holder: Readonly<Record<string, unknown>>) {
    super(`another process runs the stack on ${folder}`);
    this.holder = holder;
  }
}

/** The right to be the one stack on a folder. */
export interface HeldFolder {
  /** Tells those who come later who we are. */
  readonly describe: (holder: Readonly<Record<string, unknown>>) => void;
  readonly release: () => void;
}

const read = (file: string): Record<string, unknown> => {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  } catch {
    return {};
  }
};

/**
 * Takes `folder` for this process. The lock is SQLite's, which is the system's: it ends with the process however that ends, so
 * there is no stale one to judge. Throws {@link FolderInUse}.
 */
export const holdFolder = (folder: string): HeldFolder => {
  const card = join(folder, "running.json");
  const lock = new DatabaseSync(join(folder, "running.lock"));
  try {
    // The file stays empty: nothing is ever written in the transaction.
    lock.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if (!String(error).includes("locked")) throw error;
    throw new FolderInUse(folder, read(card));
  }
  writeFileSync(card, JSON.stringify({ pid: process.pid }));
  return {
    describe: (holder) => writeFileSync(card, JSON.stringify({ pid: process.pid, ...holder })),
    release: () => {
      rmSync(card, { force: true });
      lock.close();
    },
  };
};
