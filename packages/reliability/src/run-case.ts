import { loadavg } from "node:os";
import { inspect } from "node:util";
import type { Case, Outcome } from "./cases/case.ts";
import { check } from "./oracle/check.ts";
import { randomFrom } from "./random.ts";
import type { Result } from "./results.ts";
import { accountMaker, type Account, type Trial } from "./trial.ts";
import type { World } from "./world/world.ts";

/** Runs one case in `world` and holds everything to account afterwards. Ends its faults, whatever happened. */
export const runCase = async (world: World, one: Case, options: { seed: number; count: number; commit: string; onProgress: (text: string) => void }): Promise<Result> => {
  const { seed, count, commit, onProgress } = options;
  const accounts: Account[] = [];
  const seenBefore = world.log.facts().length;
  const trial: Trial = {
    world,
    random: randomFrom(seed),
    count,
    accounts,
    since: seenBefore,
    account: accountMaker(world, accounts),
    progress: (done, of) => onProgress(of === undefined ? `waiting for ${-done} jobs` : `${done}/${of}`),
  };
  const started = Date.now();
  const failed = (error: unknown): Outcome => ({ counts: {}, failures: [inspect(error)] });
  const outcome = await one.run(trial).catch(failed);
  await world.calm();
  const broken = await check(trial, outcome.telling ?? true).catch((error: unknown) => [{ rule: "the check itself", what: String(error) }]);
  const facts = world.log.facts().slice(seenBefore);
  return {
    ...outcome,
    id: one.id,
    title: one.title,
    pass: one.pass,
    n: count,
    seed,
    commit,
    at: new Date(started).toISOString(),
    seconds: Math.round((Date.now() - started) / 1000),
    load1m: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    edge: world.options.edge,
    leaseS: world.options.leaseS,
    checked: { creates: facts.filter(({ kind }) => kind === "created").length, webhooks: facts.filter(({ kind }) => kind === "webhook").length },
    broken,
  };
};
