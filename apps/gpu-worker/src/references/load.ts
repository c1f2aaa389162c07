import { createHash } from "node:crypto";
import { JobError, LIMITS, membersOf, readStyleCodes, uploadedObjects, type Db, type StoredReference, type StoredRequest } from "@deadiff/schemas";
import type { Dispatcher } from "undici";
import type { GenerateRequest, LoadedMember, LoadedReference } from "../generate.ts";
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

type Single = Exclude<StoredReference, { readonly members: unknown }>;

/**
 * Brings a request's references: uploads from the store, with the hash they were announced with, others from the web, decoded to
 * clean pictures; codes from the database. Throws a JobError that says which way it failed.
 */
export const loadReferences = async (sources: ReferenceSources, request: StoredRequest, signal: AbortSignal): Promise<GenerateRequest["references"]> => {
  const { db, store, decoder, agent, netPolicy } = sources;
  const all = membersOf(request.references);
  const objects = await uploadedObjects(db, all.flatMap((reference) => ("image" in reference ? [reference.image] : [])));
  const codes = await readStyleCodes(db, all.flatMap((reference) => ("code" in reference ? [reference.code] : [])));
  const read = async (reference: Exclude<Single, { readonly code: unknown }>): Promise<Uint8Array> => {
    if ("url" in reference) return fetchReference(agent, netPolicy, reference.url, signal);
    const object = objects.get(reference.image);
    if (object === undefined) throw new JobError("invalid_image", `Reference ${reference.image} was deleted.`);
    const bytes = await store.read(object.key, LIMITS.uploadBytes, signal);
    if (createHash("sha256").update(bytes).digest("hex") !== object.sha256) throw new JobError("invalid_image", `Reference ${reference.image} is not what was uploaded.`);
    return bytes;
  };
  const load = async (reference: Single): Promise<LoadedMember> => {
    signal.throwIfAborted();
    const { weight, mode } = reference;
    if (!("code" in reference)) {
      const { fit, crop } = reference;
      return { weight, mode, fit, png: await decoder.decode(await read(reference), crop), ...(crop === undefined ? {} : { crop }) };
    }
    const code = codes.get(reference.code);
    if (code === undefined) throw new JobError("invalid_image", `Style code ${reference.code} was deleted.`);
    return { weight, mode, code: Buffer.from(code, "base64") };
  };
  // One after the other: eight pictures of 20 MB at once would be the supervisor's whole memory.
  const loadAll = async (references: readonly Single[]): Promise<LoadedMember[]> => {
    const loaded: LoadedMember[] = [];
    for (const reference of references) loaded.push(await load(reference));
    return loaded;
  };
  const loaded: LoadedReference[] = [];
  for (const reference of request.references) {
    loaded.push("members" in reference ? { weight: reference.weight, mode: reference.mode, members: await loadAll(reference.members) } : await load(reference));
  }
  signal.throwIfAborted();
  return loaded;
};
