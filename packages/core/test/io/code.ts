import { DeadiffError } from "../../src/errors.ts";

/** The code that `run` fails with, or "none"; anything but a DeadiffError is thrown on. */
export async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (error instanceof DeadiffError) return error.code;
    throw error;
  }
  return "none";
}
