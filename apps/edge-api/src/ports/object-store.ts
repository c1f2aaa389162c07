import { AwsClient } from "aws4fetch";
import type { AwsAccess } from "./aws.ts";

/** What the edge asks of the object store. Pictures themselves never pass through here; only headers and a bounded first part. */
export interface ObjectStore {
  /** A signed address to read an object from. */
  readonly signGet: (key: string, expiresS: number) => Promise<{ url: string; expiresAt: string }>;
  /** A signed address that takes exactly the announced bytes, once. */
  readonly signPut: (key: string, headers: Record<string, string>, expiresS: number) => Promise<{ url: string; expiresAt: string }>;
  /** Size and type of an object, or `undefined` when there is none. */
  readonly head: (key: string) => Promise<{ bytes: number; contentType: string } | undefined>;
  /** The first `bytes` of an object. */
  readonly readStart: (key: string, bytes: number) => Promise<Uint8Array>;
  readonly remove: (key: string) => Promise<void>;
}

/** An object store that speaks S3 (S3, R2, MinIO, the local one). Addresses are path-style: `endpoint/bucket/key`. */
export const s3ObjectStore = (access: AwsAccess & { readonly endpoint: string; readonly bucket: string }): ObjectStore => {
  const client = new AwsClient({ ...access, service: "s3", retries: 2 });
  const urlOf = (key: string) => new URL(`${access.endpoint}/${access.bucket}/${key.split("/").map(encodeURIComponent).join("/")}`);
  const presign = async (method: string, key: string, headers: Record<string, string>, expiresS: number) => {
    const url = urlOf(key);
    url.searchParams.set("X-Amz-Expires", String(expiresS));
    const expiresAt = new Date(Date.now() + expiresS * 1000).toISOString();
    const signed = await client.sign(url, { method, headers, aws: { signQuery: true, allHeaders: true } });
    return { url: signed.url, expiresAt };
  };
  const ask = async (method: string, key: string, headers: Record<string, string> = {}): Promise<Response> => {
    const response = await client.fetch(urlOf(key), { method, headers });
    if (!response.ok && response.status !== 404) throw new Error(`object store: ${method} ${key} answered ${response.status}`);
    return response;
  };
  return {
    signGet: (key, expiresS) => presign("GET", key, {}, expiresS),
    signPut: (key, headers, expiresS) => presign("PUT", key, headers, expiresS),
    head: async (key) => {
      const response = await ask("HEAD", key);
      if (response.status === 404) return undefined;
      return { bytes: Number(response.headers.get("content-length")), contentType: response.headers.get("content-type") ?? "" };
    },
    readStart: async (key, bytes) => {
      const response = await ask("GET", key, { range: `bytes=0-${bytes - 1}` });
      if (response.status === 404) throw new Error(`object store: ${key} is gone`);
      return new Uint8Array(await response.arrayBuffer());
    },
    remove: async (key) => {
      await ask("DELETE", key);
    },
  };
};
