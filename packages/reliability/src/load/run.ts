// The load figures: `npm run load`. Arguments: --seconds N (how long each figure is measured, 20 by default); names of parts.
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { freePort } from "@deadiff/schemas/local";
import { randomFrom } from "../random.ts";
import { accountMaker, type Account, type Trial } from "../trial.ts";
import { startWorld, type World, type WorldOptions } from "../world/world.ts";
import { closedLoad } from "./clients.ts";
import { claims, creates, gather, mixed, reads, relay, starts, streams, webhooks, type Figure } from "./figures.ts";
import { isolateMemory, workerMemory } from "./memory.ts";
import { pgbench } from "./pgbench.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { seconds: { type: "string", default: "20" } } });
const seconds = Number(values.seconds);
const root = fileURLToPath(new URL("../../../..", import.meta.url));
const keptIn = join(root, ".data", "reliability", "load.json");

interface Kept extends Figure {
  readonly commit: string;
  readonly load1m: number;
}
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim();

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
  streams: () => inWorld({}, async (trial) => streams(trial, await gather(trial), 1000)),
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
      return isolateMemory(trial, inspectorPort, async () => {
        let n = 0;
        await closedLoad(trial.world.apiUrl, 16, seconds, () => {
          const { account, secret } = crowd.keys[n++ % crowd.keys.length] ?? { account: undefined, secret: "" };
          return { method: "POST", path: "/v1/jobs", headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" }, body: JSON.stringify({ input: { references: [{ image: account?.image }], prompt: "a dog" } }) };
        });
      });
    });
  },
};

const results = JSON.parse(await readFile(keptIn, "utf8").catch(() => "{}")) as Record<string, Kept[]>;

/** Written after each part: a run that is stopped leaves what it has. */
const document = async (): Promise<void> => {
  const rows = Object.keys(PARTS).flatMap((name) => results[name] ?? []);
  await writeFile(
  join(root, "docs", "load.md"),
  `# What the platform carries

Written by \`npm run load\`; not edited by hand. Everything runs on one machine with ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}): the API on Node, Postgres with every
commit on disk, queue and store, the clients themselves. "load" is the machine's load average at the end of each part, which is the
part's own where nothing else ran: on ${cpus().length} cores some 2 to 4. A figure taken far above that says how the platform behaves when starved.

| figure | asked for at least | measured | commit, load |
|---|---|---|---|
${rows.map(({ what, floor, measured, commit, load1m }) => `| ${what} | ${floor} | ${measured} | ${commit}, ${load1m} |`).join("\n")}

Recovery from crashes is in \`docs/reliability.md\`. The figures are shorter than the plan's ten minutes (\`--seconds\` sets how long each is
measured), streams are 1,000 instead of 2,000, and no part was run on the cloud's own services.
`,
);
};

for (const [name, measure] of Object.entries(PARTS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  console.log(`${name} ...`);
  const figures = await measure();
  const load1m = Math.round((loadavg()[0] ?? 0) * 10) / 10;
  results[name] = figures.map((figure) => ({ ...figure, commit, load1m }));
  for (const { what, floor, measured } of figures) console.log(`  ${what}\n    ${measured}\n    (asked: ${floor})`);
  await mkdir(join(root, ".data", "reliability"), { recursive: true });
  await writeFile(keptIn, JSON.stringify(results, undefined, 2));
  await document();
}
await document();
process.exit();
