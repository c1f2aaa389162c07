import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { expect, test } from "vitest";
import { migrate, startPostgres } from "../local/index.ts";

test("a server that was killed, or left behind, is found again with its data; migrators take turns", async () => {
  const folder = await mkdtemp(join(tmpdir(), "deadiff-pg-"));
  await chmod(folder, 0o755);
  const options = { folder };
  const first = await startPostgres(options);
  try {
    await first.createDatabase("app");
    await first.createDatabase("app");
    await Promise.all([migrate(first.url("app")), migrate(first.url("app")), migrate(first.url("app"))]);
    const second = await startPostgres(options);
    expect(second.port).toBe(first.port);
    const client = postgres(second.url("app"), { max: 1 });
    await client`insert into accounts (id, name, running_limit, queued_limit, webhook_secret) values ('acc_x', 'x', 1, 1, 's')`;
    const [row] = await client`select pg_backend_pid() as pid, current_setting('data_directory') as data`;
    expect(row?.data).toBe(join(folder, "data"));
    await client.end();
    process.kill(Number((await readFile(join(folder, "data/postmaster.pid"), "utf8")).split("\n")[0]), "SIGKILL");
    const third = await startPostgres(options);
    const again = postgres(third.url("app"), { max: 1 });
    expect(await again`select id from accounts`).toHaveLength(1);
    await again.end();
    await third.stop();
    // After a restart of the machine, the number in a file left behind may be anyone's.
    const anyone = spawn("sleep", ["1000"], process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {});
    try {
      await writeFile(join(folder, "data/postmaster.pid"), `${anyone.pid}\n${join(folder, "data")}\n1\n${third.port}\n`, { mode: 0o644 });
      const fourth = await startPostgres(options);
      await fourth.createDatabase("app");
      await fourth.stop();
    } finally {
      anyone.kill("SIGKILL");
    }
  } finally {
    await first.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
