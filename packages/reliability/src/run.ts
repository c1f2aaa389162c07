// The long run: `npm run reliability`. Goes on where the last one was stopped. Arguments: names of cases; --again forgets kept
// results; --seed N; --times X multiplies the counts; --document writes the document from what is kept and does nothing else.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CASES } from "./cases/index.ts";
import { commitOf } from "./commit.ts";
import { writeDocument } from "./document.ts";
import { held, keep, kept } from "./results.ts";
import { runCase } from "./run-case.ts";
import { startWorld, type World, type WorldOptions } from "./world/world.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { again: { type: "boolean", default: false }, seed: { type: "string", default: "1" }, times: { type: "string", default: "1" }, document: { type: "boolean", default: false } },
});
const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = join(root, ".data", "reliability");
const commit = commitOf(root);

const stopping = new AbortController();
let world: World | undefined;
let scratch: string | undefined;
let starting: Promise<World> | undefined;
const closeWorld = async (failed: boolean): Promise<void> => {
  // One that is only coming up has processes already.
  await starting?.catch(() => undefined);
  await world?.stop();
  world = undefined;
  // What failed is left for the one who looks into it.
  if (scratch !== undefined && !failed) await rm(scratch, { recursive: true, force: true });
  scratch = undefined;
};
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    console.log("stopping ...");
    void closeWorld(false).finally(() => process.exit(130));
  });
}

const worldFor = async (wanted: Pick<WorldOptions, "edge" | "leaseS">): Promise<World> => {
  if (world !== undefined && world.options.edge === wanted.edge && world.options.leaseS === wanted.leaseS) return world;
  await closeWorld(false);
  scratch = await mkdtemp(join(tmpdir(), "deadiff-reliability-"));
  starting = startWorld({ folder: scratch, seed, workers: 2, ...wanted });
  world = await starting;
  return world;
};

const seed = Number(values.seed);
const wanted = positionals.length === 0 ? CASES : CASES.filter(({ id }) => positionals.includes(id));
if (!values.document) {
  const before = await kept(folder);
  for (const one of wanted) {
    const known = before.get(one.id);
    if (!values.again && known !== undefined && held(known) && known.commit === commit && known.seed === seed) {
      console.log(`${one.id}: kept`);
      continue;
    }
    const inWorld = await worldFor({ edge: one.edge ?? "node", leaseS: one.leaseS ?? 6 });
    console.log(`${one.id}: ${one.title}`);
    const count = Math.max(1, Math.round(one.count * Number(values.times)));
    let shownAt = 0;
    const result = await runCase(inWorld, one, {
      seed,
      count,
      commit,
      onProgress: (text) => {
        if (Date.now() - shownAt < 2000) return;
        shownAt = Date.now();
        console.log(`  ${one.id} ${text}`);
      },
    }).catch((error: unknown) => {
      // Interrupted: the one who stops the processes ends us when they are gone.
      if (stopping.signal.aborted) return new Promise<never>(() => undefined);
      throw error;
    });
    if (stopping.signal.aborted) break;
    await keep(folder, result);
    console.log(`${one.id}: ${held(result) ? "held" : "FAILED"} in ${result.seconds} s ${JSON.stringify(result.counts)}`);
    for (const line of [...result.failures, ...result.broken.map(({ rule, what }) => `${rule}: ${what}`)].slice(0, 10)) console.log(`  ${line}`);
    if (!held(result)) {
      console.log(`  what happened lies in ${scratch ?? ""}`);
      process.exitCode = 1;
      await closeWorld(true);
    }
  }
}
if (!stopping.signal.aborted) {
  await closeWorld(false);
  await writeDocument(join(root, "docs", "reliability.md"), CASES, await kept(folder));
}
// Keep-alive sockets to what is gone would hold us for minutes.
process.exit();
