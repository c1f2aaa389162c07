import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "./migrate.ts";
import { startPostgres } from "./postgres.ts";

/** A throwaway server whose `template` database has the newest schema, for tests. */
export interface ScratchPostgres {
  /** The address of the template: copies of it are made with {@link scratchDatabase}. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** The name of the migrated database that tests copy. */
const TEMPLATE = "deadiff_template";

/** Starts a server in a temporary folder, without waiting for the disk, and migrates its template. */
export const startScratchPostgres = async (): Promise<ScratchPostgres> => {
  const folder = await mkdtemp(join(tmpdir(), "deadiff-scratch-"));
  await chmod(folder, 0o755);
  const server = await startPostgres({ folder, durable: false });
  await server.createDatabase(TEMPLATE);
  await migrate(server.url(TEMPLATE));
  return {
    url: server.url(TEMPLATE),
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
