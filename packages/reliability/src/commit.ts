import { execFileSync } from "node:child_process";

/** The commit that is checked out in `root`, with a `+` when the code has changes on top of it. */
export const commitOf = (root: string): string => {
  const git = (...args: string[]): string => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
  return `${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain", "apps", "packages", "infra") === "" ? "" : "+"}`;
};
