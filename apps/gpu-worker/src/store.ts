import { DeleteObjectsCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { JobError, LIMITS, type SignUrl } from "@deadiff/schemas";

/** What the worker asks of the object store. */
export interface Store {
  /** Reads an object of at most `maxBytes`. Throws `store_unavailable`, or `invalid_image` when it is gone or larger. */
  readonly read: (key: string, maxBytes: number, signal: AbortSignal) => Promise<Uint8Array>;
  /** Writes an object once; one that is there already stays. Throws `store_unavailable`. */
  readonly write: (key: string, bytes: Uint8Array, contentType: string, signal: AbortSignal) => Promise<void>;
  readonly remove: (keys: readonly string[]) => Promise<void>;
  /** Keys under `prefix` last written before `before`, page by page. */
  readonly list: (prefix: string, before: Date) => AsyncIterable<readonly string[]>;
  readonly sign: SignUrl;
}

/** Where the store is. Without keys, those of the machine's role. */
export interface StoreAccess {
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const statusOf = (error: unknown): number | undefined => (error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined);

/** A store that speaks S3. */
export const s3Store = (access: StoreAccess): Store => {
  const client = new S3Client({
    endpoint: access.endpoint,
    region: access.region,
    forcePathStyle: true,
    maxAttempts: 3,
    ...(access.credentials === undefined ? {} : { credentials: access.credentials }),
    requestHandler: { requestTimeout: 30_000, connectionTimeout: 5000 },
  });
  const Bucket = access.bucket;
  const unavailable = (cause: unknown) => new JobError("store_unavailable", undefined, { cause });
  return {
    read: async (key, maxBytes, signal) => {
      try {
        const { Body, ContentLength } = await client.send(new GetObjectCommand({ Bucket, Key: key }), { abortSignal: signal });
        if (Body === undefined || (ContentLength ?? 0) > maxBytes) throw new JobError("invalid_image", "A reference is not what was uploaded.");
        return await Body.transformToByteArray();
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof JobError) throw error;
        if (statusOf(error) === 404) throw new JobError("invalid_image", "A reference was deleted.", { cause: error });
        throw unavailable(error);
      }
    },
    write: async (key, bytes, contentType, signal) => {
      try {
        await client.send(new PutObjectCommand({ Bucket, Key: key, Body: bytes, ContentType: contentType, IfNoneMatch: "*" }), { abortSignal: signal });
      } catch (error) {
        signal.throwIfAborted();
        // Keys name their content's hash: what is there is what we bring.
        if (statusOf(error) !== 412) throw unavailable(error);
      }
    },
    remove: async (keys) => {
      for (let at = 0; at < keys.length; at += 1000) {
        await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.slice(at, at + 1000).map((Key) => ({ Key })), Quiet: true } }));
      }
    },
    async *list(prefix, before) {
      let ContinuationToken: string | undefined;
      do {
        const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix, ContinuationToken }));
        yield (page.Contents ?? []).flatMap(({ Key, LastModified }) => (Key !== undefined && LastModified !== undefined && LastModified < before ? [Key] : []));
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
    },
    sign: async (key) => {
      // The longest that the signature allows: a webhook's body is fixed once and may be sent days later.
      const expiresIn = Math.min(LIMITS.retentionDefaultS, 7 * 24 * 3600);
      const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: key }), { expiresIn });
      return { url, expiresAt: new Date(Date.now() + expiresIn * 1000).toISOString() };
    },
  };
};
