import { DeadiffError } from "../errors.ts";

/** In words what keeps a file from being written; the system's own words for the rest. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the quota of disk space is used up",
  EFBIG: "the file system takes no file as large",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  EROFS: "the file system is read-only",
  ENOENT: "the folder does not exist",
  ENOTDIR: "a file stands where a folder should be",
  EISDIR: "a folder of that name is there",
  ENAMETOOLONG: "the name is too long",
};

/** `file_unwritable`, where an error is the system's refusal to write to `path`; any other error as it is. */
export function unwritable(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return error;
  const reason = REASONS[String(error.code)] ?? error.message;
  return new DeadiffError("file_unwritable", `${path} cannot be written: ${reason}`, { cause: error, context: { path, errno: error.code } });
}
