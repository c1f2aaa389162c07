// Installs what is missing. Plain JavaScript, because it runs on the machine's own Node before anything is installed.
import { existsSync, statSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { dirname, join } from "node:path";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wanted = join(root, "package-lock.json");
// npm writes this file last, so its presence means that an install ended well.
const installed = join(root, "node_modules/.package-lock.json");

const upToDate = existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs;
if (!upToDate) {
  console.log("Installing dependencies (once; about a minute) ...");
  const { status } = spawnSync("npm", ["ci"], { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
  if (status !== 0) process.exit(status ?? 1);
}
