import { spawnSync } from "node:child_process";
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DeadiffError } from "@deadiff/core";
import { sha256OfFile } from "@deadiff/core/node";
import { z } from "zod";

const hashesSchema = z.record(z.string(), z.string().length(64));

/**
 * Brings the pinned icon sets into `folder` (about 230 MB, once) and checks every file that is read from them.
 *
 * `pins` holds `package.json` and `package-lock.json`, whose integrity hashes npm checks at download, and `hashes.json`, the
 * SHA-256 of each file that is read, which is checked at every call.
 *
 * @throws DeadiffError `icons_install_failed` when npm fails, `icons_changed` when a file is missing or not the pinned one.
 */
export async function installIcons(pins: string, folder: string): Promise<void> {
  const hashes = hashesSchema.parse(JSON.parse(await readFile(join(pins, "hashes.json"), "utf8")));
  if ((await changedFiles(folder, hashes)).length === 0) return;

  await mkdir(folder, { recursive: true });
  await copyFile(join(pins, "package.json"), join(folder, "package.json"));
  await copyFile(join(pins, "package-lock.json"), join(folder, "package-lock.json"));
  // --prefix because an enclosing `npm run` would otherwise make npm install the workspace.
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder], {
    cwd: folder,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new DeadiffError("icons_install_failed", `npm ci in ${folder} ended with ${String(status)}; see its output above`);

  const changed = await changedFiles(folder, hashes);
  if (changed.length > 0) {
    throw new DeadiffError(
      "icons_changed",
      `${changed.length} icon files differ from the pinned hashes (${changed.slice(0, 3).join(", ")}); delete ${folder} and try again`,
      { context: { changed } },
    );
  }
}

async function changedFiles(folder: string, hashes: Readonly<Record<string, string>>): Promise<string[]> {
  const changed = [];
  for (const [path, hash] of Object.entries(hashes)) {
    if ((await sha256OfFile(join(folder, "node_modules", path)).catch(() => "missing")) !== hash) changed.push(path);
  }
  return changed;
}
