import { createHash } from "node:crypto";
import { JobError, LIMITS, uploadedObjects, type Db, type StoredRequest } from "@deadiff/schemas";
import type { Dispatcher } from "undici";
import type { GenerateRequest } from "../generate.ts";
import type { NetPolicy } from "../net/addresses.ts";
import type { Store } from "../store.ts";
import type { Decoder } from "./decode.ts";
import { fetchReference } from "./fetch-url.ts";

/** What loading references needs of the world. */
export interface ReferenceSources {
  readonly db: Db;
  readonly store: Store;
  readonly decoder: Decoder;
  readonly agent: Dispatcher;
  readonly netPolicy: NetPolicy;
}

/**
 * Brings a request's references as clean pictures: uploads from the store, with the hash they were announced with, others from
 * the web. Throws a JobError that says which way it failed.
 */
export const loadReferences = async (sources: ReferenceSources, request: StoredRequest, signal: AbortSignal): Promise<GenerateRequest["references"]> => {
  const { db, store, decoder, agent, netPolicy } = sources;
  const objects = await uploadedObjects(db, request.references.flatMap((reference) => ("image" in reference ? [reference.image] : [])));
  const read = async (reference: StoredRequest["references"][number]): Promise<Uint8Array> => {
    if ("url" in reference) return fetchReference(agent, netPolicy, reference.url, signal);
    const object = objects.get(reference.image);
    if (object === undefined) throw new JobError("invalid_image", `Reference ${reference.image} was deleted.`);
    const bytes = await store.read(object.key, LIMITS.uploadBytes, signal);
    if (createHash("sha256").update(bytes).digest("hex") !== object.sha256) throw new JobError("invalid_image", `Reference ${reference.image} is not what was uploaded.`);
    return bytes;
  };
  // One after the other: eight pictures of 20 MB at once would be the supervisor's whole memory.
  const loaded: GenerateRequest["references"][number][] = [];
  for (const reference of request.references) {
    const { weight, mode, fit } = reference;
    loaded.push({ weight, mode, fit, png: await decoder.decode(await read(reference)) });
    signal.throwIfAborted();
  }
  return loaded;
};
