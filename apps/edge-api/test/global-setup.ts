import { startLocalCloud } from "@deadiff/infra";
import { startScratchPostgres } from "@deadiff/schemas/local";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    postgresUrl: string;
    cloud: { endpoint: string; region: string; bucket: string; queueUrl: string; accessKeyId: string; secretAccessKey: string };
  }
}

/** One Postgres, one queue and one object store for the whole run. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const [server, cloud] = await Promise.all([startScratchPostgres(), startLocalCloud()]);
  project.provide("postgresUrl", server.url);
  const { endpoint, region, bucket, queueUrl, credentials } = cloud;
  project.provide("cloud", { endpoint, region, bucket, queueUrl, ...credentials });
  return async () => {
    await cloud.stop();
    await server.stop();
  };
};
