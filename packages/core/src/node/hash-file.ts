import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** The lower-case hexadecimal SHA-256 of a file, read in pieces of 1 MiB; `onBytes` is told the length of each, and ends the work by throwing. */
export async function sha256OfFile(path: string, onBytes?: (bytes: number) => void): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    onBytes?.(chunk.length);
  }
  return hash.digest("hex");
}
