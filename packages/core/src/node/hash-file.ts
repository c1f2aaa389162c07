import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

/** The lower-case hexadecimal SHA-256 of a file, read in pieces of 1 MiB; `onBytes` is told the length of each, and ends the work by throwing. */
export async function sha256OfFile(path: string, onBytes?: (bytes: number) => void): Promise<string> {
  const hash = createHash("sha256");
  const file = await open(path);
  try {
    // One buffer for all pieces: a stream's own would stay in the process's memory until they are collected.
    const piece = Buffer.allocUnsafeSlow(1 << 20);
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, piece.length);
      if (bytesRead === 0) return hash.digest("hex");
      hash.update(piece.subarray(0, bytesRead));
      onBytes?.(bytesRead);
    }
  } finally {
    await file.close();
  }
}
