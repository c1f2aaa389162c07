import type { AppRouter } from "@deadiff/edge-api";
import type { TRPCClient } from "@trpc/client";
import { UserError } from "@/api/explain";
import type { Prepared } from "./prepare";

const hex = (bytes: ArrayBuffer): string => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Lower-case hexadecimal SHA-256. */
export const sha256 = async (data: Blob | Uint8Array<ArrayBuffer>): Promise<string> => hex(await crypto.subtle.digest("SHA-256", data instanceof Blob ? await data.arrayBuffer() : data));

/** Sends a picture to the store: announced, put to the signed address, checked. Resolves with the upload, ready to be named in a job. */
export const upload = async (client: TRPCClient<AppRouter>, { blob, type }: Prepared, signal: AbortSignal) => {
  const ticket = await client.uploads.create.mutate({ content_type: type, bytes: blob.size, sha256: await sha256(blob) }, { signal });
  const put = await fetch(ticket.put.url, { method: "PUT", headers: ticket.put.headers, body: blob, signal });
  if (!put.ok) throw new UserError("The picture did not arrive whole.", "Add it once more.");
  const done = await client.uploads.complete.mutate({ id: ticket.id }, { signal });
  if (done.state !== "ready") throw new UserError(`The picture was refused: ${done.reason ?? "it could not be checked"}.`, "Use another JPEG, PNG or WebP picture.");
  return done;
};
