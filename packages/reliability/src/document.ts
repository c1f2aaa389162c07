import { readFile, writeFile } from "node:fs/promises";
import type { Case } from "./cases/case.ts";
import { NOT_RUN } from "./cases/not-run.ts";
import { percentile } from "./figures.ts";
import { held, type Result } from "./results.ts";

/** Milliseconds as seconds with what matters of them. */
const seconds = (ms: number): string => (ms < 1000 ? (ms / 1000).toFixed(2) : (ms / 1000).toFixed(1));

/** `before`: the case's row in the document so far, which stays until the case is run again, here or elsewhere. */
const row = ({ id, title, pass }: Case, result: Result | undefined, before: string | undefined): string => {
  if (result === undefined) return before ?? `| ${id} | ${title} | ${pass} | not yet run | | | |`;
  const { recoveriesMs = [], counts, figures = {}, checked } = result;
  const done = [...Object.entries(counts).map(([what, n]) => `${n} ${what}`), ...Object.entries(figures).map(([what, text]) => `${what} ${text}`), `oracle: ${checked.creates} creates, ${checked.webhooks} webhooks`].join("; ");
  const recovery = recoveriesMs.length === 0 ? "" : `${seconds(percentile(recoveriesMs, 0.5))} / ${seconds(percentile(recoveriesMs, 0.99))} (n=${recoveriesMs.length})`;
  return `| ${id} | ${title} | ${pass} | ${held(result) ? "held" : "**failed**"} | ${done} | ${recovery} | ${result.commit}, seed ${result.seed}, ${result.seconds} s, load ${result.load1m} |`;
};

/** Writes the table of faults from the kept results and, for cases without one, from the table as it is. Nothing in it is written by hand. */
export const writeDocument = async (file: string, cases: readonly Case[], results: ReadonlyMap<string, Result>): Promise<void> => {
  const rows = (await readFile(file, "utf8").catch(() => "")).split("\n").filter((line) => line.startsWith("| "));
  const before = new Map(rows.map((line) => [line.split(" | ")[0]?.slice(2), line]));
  const text = `# What the platform survives

Written by \`npm run reliability\`; not edited by hand. Each case starts the real processes (API, workers with their inference
processes on a tiny model, relay and dispatcher, Postgres with every commit on disk, queue and object store as a process of their
own), injects its fault on them or on a link between them, and then holds the outcome to account twice: by an oracle that wrote down
every acknowledged create, every cancel and every webhook as it was seen from outside, and by the invariants in
\`packages/schemas/src/invariants.ts\` as SQL. "Recovery" is the time from the fault to normal work, p50 / p99 in seconds.

Counts are smaller than in the plan of the platform, so that the run ends within an hour on two cores; \`--times 10\` multiplies them.
A \`+\` after a commit says that the tree had changes on top of it. "Load" is the machine's load average at the end of the case: other
work ran beside most of them, which lengthens recoveries.

| case | fault | must hold, beside the invariants | outcome | done | recovery s, p50 / p99 | run |
|---|---|---|---|---|---|---|
${cases.map((one) => row(one, results.get(one.id), before.get(one.id))).join("\n")}

## Not run here, and why

| case | why |
|---|---|
${NOT_RUN.map(({ id, why }) => `| ${id} | ${why} |`).join("\n")}
`;
  await writeFile(file, text);
};
