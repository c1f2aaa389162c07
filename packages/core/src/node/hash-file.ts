import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** The lower-case hexadecimal SHA-256 of a file, read in pieces of 1 MiB. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest("hex");
}
