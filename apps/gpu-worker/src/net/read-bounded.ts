import type { Readable } from "node:stream";

/** Hangs up on the rest of a body. The stream's own complaint about that is of no interest, but would end the process if nobody heard it. */
export const hangUp = (body: Readable): void => {
  body.on("error", () => undefined);
  body.destroy();
};

/** Reads at most `maxBytes` of a body and hangs up on the rest. `whole` tells whether that was all. */
export const readBounded = async (body: Readable, maxBytes: number): Promise<{ bytes: Buffer; whole: boolean }> => {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    parts.push(part);
    length += part.length;
    if (length > maxBytes) {
      hangUp(body);
      return { bytes: Buffer.concat(parts).subarray(0, maxBytes), whole: false };
    }
  }
  return { bytes: Buffer.concat(parts), whole: true };
};
