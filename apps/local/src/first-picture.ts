import { readFile, writeFile } from "node:fs/promises";
import { createClient, type Job, type Update } from "@deadiff/client";

/** A picture to be made through the platform. */
export interface PictureOrder {
  readonly apiUrl: string;
  readonly apiKey: string;
  /** Path of the style reference. */
  readonly reference: string;
  readonly prompt: string;
  readonly seed: number;
  /** Where the picture goes. */
  readonly file: string;
  readonly signal: AbortSignal;
  readonly onUpdate: (update: Update) => void;
}

/**
 * Makes a picture the way every customer does: upload to the store, a job through the API and the queue, wait for the worker,
 * fetch the result from the store. Throws what the client throws.
 */
export const makePicture = async (order: PictureOrder): Promise<Job> => {
  const { signal, onUpdate } = order;
  const client = createClient({ apiKey: order.apiKey, baseUrl: order.apiUrl });
  const upload = await client.upload(await readFile(order.reference), signal);
  const job = await client.run({ input: { references: [{ image: upload.id }], prompt: order.prompt, seed: order.seed } }, { signal, onUpdate });
  const url = job.outputs[0]?.url;
  if (typeof url !== "string") throw new Error(`job ${job.id} succeeded without a picture`);
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`the object store answered ${response.status} for the picture of job ${job.id}`);
  await writeFile(order.file, new Uint8Array(await response.arrayBuffer()));
  return job;
};
