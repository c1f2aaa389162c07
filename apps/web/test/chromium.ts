import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const PLACES = ["/usr/bin", "/usr/local/bin", "/snap/bin", "/opt/google/chrome"];
const MAC = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"];

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Where Chromium is: `CHROMIUM_PATH`, or under one of its usual names. */
export const findChromium = (): string | undefined => {
  const named = process.env["CHROMIUM_PATH"];
  if (named !== undefined && named !== "") return isProgram(named) ? named : undefined;
  const folders = [...PLACES, ...(process.env["PATH"] ?? "").split(delimiter)];
  return [...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))), ...MAC].find(isProgram);
};

/** Installs Debian's package. Needs root. Throws with what apt-get said. */
export const installChromium = (): void => {
  const run = (...args: string[]): void => {
    const { status, error } = spawnSync("apt-get", args, { stdio: "inherit", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
    if (status !== 0) throw new Error(`apt-get ${args.join(" ")} ended with ${status ?? "no status"}`, { cause: error });
  };
  run("update");
  run("install", "-y", "--no-install-recommends", "chromium", "fonts-liberation");
};
