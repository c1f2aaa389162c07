// The load figures: `npm run load`. Arguments: --seconds N (how long each figure is measured, 20 by default); names of parts. Rows of
// parts that are not run stay in the document as they are.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { freePort } from "@deadiff/schemas/local";
import { commitOf } from "../commit.ts";
import { randomFrom } from "../random.ts";
import { accountMaker, type Account, type Trial } from "../trial.ts";
import { startWorld, type World, type WorldOptions } from "../world/world.ts";
import { closedLoad } from "./clients.ts";
import { claims, creates, creator, gather, mixed, reads, relay, starts, streams, webhooks, type Figure } from "./figures.ts";
import { isolateMemory, workerMemory } from "./memory.ts";
import { pgbench } from "./pgbench.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { seconds: { type: "string", default: "20" } } });
const seconds = Number(values.seconds);
const root = fileURLToPath(new URL("../../../..", import.meta.url));
const file = join(root, "docs", "load.md");
const commit = commitOf(root);

let world: World | undefined;
let scratch: string | undefined;
let starting: Promise<World> | undefined;
const close = async (): Promise<void> => {
  // One that is only coming up has processes already.
  await starting?.catch(() => undefined);
  await world?.stop();
  world = undefined;
  if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
};
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void close().then(() => process.exit(130)));

const inWorld = async (options: Partial<WorldOptions>, measure: (trial: Trial) => Promise<Figure[]>): Promise<Figure[]> => {
  scratch = await mkdtemp(join(tmpdir(), "deadiff-load-"));
  starting = startWorld({ folder: scratch, seed: 1, edge: "node", workers: 0, leaseS: 30, direct: true, ...options });
  world = await starting;
  const accounts: Account[] = [];
  try {
    return await measure({ world, random: randomFrom(1), count: 1, since: 0, accounts, account: accountMaker(world, accounts), progress: () => undefined });
  } finally {
    await close();
  }
};

/** The parts, each in a world of its own. */
const PARTS: Readonly<Record<string, () => Promise<Figure[]>>> = {
  api: () =>
    inWorld({}, async (trial) => {
      const bench = await pgbench(trial.world.database.url().replace(/\/[^/]*$/, "/postgres"), seconds);
      const crowd = await gather(trial);
      return [
        { what: `pgbench (TPC-B, 16 clients, ${seconds} s, every commit on disk)`, floor: "what the figures are held against", measured: bench === undefined ? "not here: Debian's `postgresql-15` has it, in /usr/lib/postgresql/15/bin" : `${Math.round(bench.tps)} transactions/s (${bench.version})` },
        ...(await creates(trial, crowd, seconds, bench?.tps)),
        ...(await reads(trial, crowd, seconds)),
        ...(await mixed(trial, crowd, seconds)),
      ];
    }),
  streams: () =>
    inWorld({}, async (trial) => {
      const crowd = await gather(trial);
      return [...(await streams(trial, crowd, 1000)), ...(await streams(trial, crowd, 2000))];
    }),
  claims: () =>
    inWorld({}, async (trial) => {
      const crowd = await gather(trial);
      const seeded = await creates(trial, crowd, Math.max(10, seconds), undefined);
      return seeded.length > 0 ? claims(trial, seconds, 100_000) : [];
    }),
  starts: () => inWorld({ workers: 1 }, async (trial) => starts(trial, 40)),
  deliver: () => inWorld({}, async (trial) => [...(await relay(trial, 5000)), ...(await webhooks(trial, 30, 20))]),
  worker: () => inWorld({ workers: 1, bundle: join(root, "models", "mini") }, (trial) => workerMemory(trial, 3)),
  isolate: async () => {
    const inspectorPort = await freePort();
    return inWorld({ edge: "workerd", edgeEnv: { INSPECTOR_PORT: String(inspectorPort), MINIFLARE_WORKERD_V8_FLAGS: "--max-heap-size=128" } }, async (trial) => {
      const crowd = await gather(trial);
      return isolateMemory(trial, inspectorPort, () => closedLoad(trial.world.apiUrl, 16, seconds, creator(crowd)));
    });
  },
};

/** The table's rows by part: as the document has them, then as they are measured. */
const rows = Map.groupBy(
  (await readFile(file, "utf8").catch(() => "")).split("\n").filter((line) => line.startsWith("| ")),
  (line) => line.split(" | ")[0]?.slice(2) ?? "",
);
const machine = `${cpus().length} x ${cpus()[0]?.model.trim() ?? "unknown"}`;

/** Written after each part: a run that is stopped leaves what it has. */
const writeDocument = (): Promise<void> =>
  writeFile(
    file,
    `# What the platform carries

Written by \`npm run load\`; not edited by hand. Everything runs on one machine, named with each figure: the API on Node, Postgres with
every commit on disk, queue and store, the clients themselves. "Load" is the machine's load average at the end of each part, which is the
part's own where nothing else ran: on 2 cores some 2 to 4. A figure taken far above that says how the platform behaves when starved.
A \`+\` after a commit says that the tree had changes on top of it.

| part | figure | asked for at least | measured | run |
|---|---|---|---|---|
${Object.keys(PARTS).flatMap((name) => rows.get(name) ?? [`| ${name} | not yet run | | | |`]).join("\n")}

Recovery from crashes is in \`docs/reliability.md\`. The figures are shorter than the plan's ten minutes (\`--seconds\` sets how long each is
measured), and no part was run on the cloud's own services.
`,
  );

for (const [name, measure] of Object.entries(PARTS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  console.log(`${name} ...`);
  const figures = await measure();
  const load1m = Math.round((loadavg()[0] ?? 0) * 10) / 10;
  rows.set(name, figures.map(({ what, floor, measured }) => `| ${name} | ${what} | ${floor} | ${measured} | ${commit}, load ${load1m}, ${machine} |`));
  for (const { what, floor, measured } of figures) console.log(`  ${what}\n    ${measured}\n    (asked: ${floor})`);
  await writeDocument();
}
await writeDocument();
process.exit();
