import type { TestProject } from "vitest/node";
import { startScratchPostgres } from "../local/scratch.ts";

declare module "vitest" {
  export interface ProvidedContext {
    postgresUrl: string;
  }
}

/** One Postgres for the whole run; every test file copies its template. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const server = await startScratchPostgres();
  project.provide("postgresUrl", server.url);
  return server.stop;
};
