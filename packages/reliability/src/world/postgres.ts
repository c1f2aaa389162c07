import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startPostgres, type LocalPostgres } from "@deadiff/schemas/local";

/** A Postgres that can be killed and comes back. */
export interface Database {
  /** The address past all faults, for the tests themselves. */
  readonly url: () => string;
  readonly port: () => number;
  /** kill -9 of the server and its sessions. */
  readonly kill: () => Promise<void>;
  /** Starts it after a kill; it recovers from its log. */
  readonly revive: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const NAME = "deadiff";

/** Starts Postgres with its data in `folder`; every commit waits for the disk. */
export const startDatabase = async (folder: string): Promise<Database> => {
  const start = () => startPostgres({ folder });
  let server: LocalPostgres = await start();
  await server.createDatabase(NAME);
  const alive = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  return {
    url: () => server.url(NAME),
    port: () => server.port,
    kill: async () => {
      const pid = Number((await readFile(join(folder, "data", "postmaster.pid"), "utf8")).split("\n")[0]);
      // Its sessions see the postmaster's death and end by themselves.
      process.kill(pid, "SIGKILL");
      while (alive(pid)) await sleep(10);
    },
    revive: async () => {
      // Sessions of the dead server may hold its memory for a moment: the start is refused until they are gone.
      for (let tries = 0; ; tries++) {
        try {
          server = await start();
          return;
        } catch (error) {
          if (tries >= 20) throw error;
          await sleep(250);
        }
      }
    },
    stop: () => server.stop(),
  };
};
