import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CASES } from "../src/cases/index.ts";
import { runCase } from "../src/run-case.ts";
import { startWorld, type World } from "../src/world/world.ts";

let folder: string;
let world: World;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "deadiff-reliability-"));
  world = await startWorld({ folder, seed: 1, edge: "node", workers: 2, leaseS: 6 });
});
afterAll(async () => {
  await world.stop();
  await rm(folder, { recursive: true, force: true });
});

const short = CASES.flatMap((one) => (one.short === undefined ? [] : [{ one, count: one.short, name: `${one.id}, ${one.title}: ${one.pass}` }]));

test.each(short)("$name", async ({ one, count }) => {
  const { failures, broken, checked } = await runCase(world, one, { seed: 1, count, commit: "", onProgress: () => undefined });
  expect({ failures, broken }).toEqual({ failures: [], broken: [] });
  // An oracle that saw nothing holds nobody to account.
  expect(checked.creates).toBeGreaterThan(0);
});
