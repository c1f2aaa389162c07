import { startLocalCloud } from "@deadiff/infra";
import { startScratchPostgres } from "@deadiff/schemas/local";
import type { TestProject } from "vitest/node";

/** Where the run's queue and object store are. */
interface CloudAccess {
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    postgresUrl: string;
    cloud: CloudAccess;
  }
}

/** One Postgres, one queue server and one object store for the whole run; tests make queues of their own. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const server = await startScratchPostgres();
  const cloud = await startLocalCloud();
  project.provide("postgresUrl", server.url);
  const { endpoint, region, bucket, credentials } = cloud;
  project.provide("cloud", { endpoint, region, bucket, ...credentials });
  return async () => {
    await cloud.stop();
    await server.stop();
  };
};
