import { IMAGE_TYPES, type ImageType, type Upload } from "@deadiff/schemas/contracts";
import { DeadiffConnectionError } from "./errors.ts";
import { send, type TransportOptions } from "./transport.ts";

/** A picture to upload: bytes, a file of the browser, or an address to fetch it from here. */
export type Picture = Uint8Array | Blob | URL;

const startsWith = (bytes: Uint8Array, at: number, magic: readonly number[]): boolean => magic.every((byte, i) => bytes[at + i] === byte);

/** The format that the first bytes announce. Names and declared types may lie; the API looks at the bytes as well. */
const typeOf = (bytes: Uint8Array): ImageType => {
  if (startsWith(bytes, 0, [0xff, 0xd8, 0xff])) return "image/jpeg";
  if (startsWith(bytes, 0, [0x89, 0x50, 0x4e, 0x47])) return "image/png";
  if (startsWith(bytes, 0, [0x52, 0x49, 0x46, 0x46]) && startsWith(bytes, 8, [0x57, 0x45, 0x42, 0x50])) return "image/webp";
  throw new TypeError(`the picture is none of ${IMAGE_TYPES.join(", ")}`);
};

const bytesOf = async (picture: Picture, options: TransportOptions): Promise<Uint8Array<ArrayBuffer>> => {
  if (picture instanceof Uint8Array) return new Uint8Array(picture);
  if (picture instanceof Blob) return new Uint8Array(await picture.arrayBuffer());
  const response = await options.fetch(picture.href);
  if (!response.ok) throw new DeadiffConnectionError(`${picture.href} answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
};

const hex = (bytes: ArrayBuffer): string => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");

type Ticket = Upload & { readonly put: { readonly url: string; readonly headers: Record<string, string> } };

/** Announces a picture, sends it straight to the store and has it checked. Throws when the API finds it unfit, with the reason. */
export const uploadPicture = async (options: TransportOptions, picture: Picture, signal?: AbortSignal): Promise<Upload> => {
  const bytes = await bytesOf(picture, options);
  const body = { content_type: typeOf(bytes), bytes: bytes.byteLength, sha256: hex(await crypto.subtle.digest("SHA-256", bytes)) };
  const ticket = (await (await send(options, { method: "POST", path: "/v1/uploads", body, repeatable: true, signal })).json()) as Ticket;
  const put = await options.fetch(ticket.put.url, { method: "PUT", headers: ticket.put.headers, body: bytes, ...(signal === undefined ? {} : { signal }) });
  // 412: an earlier try of ours got through.
  if (!put.ok && put.status !== 412) throw new DeadiffConnectionError(`the store answered ${put.status} to the upload`);
  const done = (await (await send(options, { method: "POST", path: `/v1/uploads/${ticket.id}/complete`, body: {}, repeatable: true, signal })).json()) as Upload;
  if (done.state !== "ready") throw new TypeError(`the picture was rejected: ${done.reason ?? "no reason given"}`);
  return done;
};
