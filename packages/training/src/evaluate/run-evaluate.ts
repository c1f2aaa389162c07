/**
 * `npm run evaluate [-- --images 192] [--bundle DIR] [--seed 1] [--out docs] [--data DIR] [--cache DIR]`: judges the shipped
 * model and every compared method that was trained here, and writes docs/evaluation.md with its pictures. What was sampled
 * before is not sampled again. With `--data` the questions come from another dataset, of all its subjects; the compared
 * methods know mini's alone and are left out.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { DeadiffError } from "@deadiff/core";
import { startRuntime } from "@deadiff/core/ort";
import { z } from "zod";
import { openDataset } from "../data/dataset/read.ts";
import { ROOT_FOLDER } from "../data/paths.ts";
import { JUDGE_FOLDER, readJudge } from "../judge/judge-file.ts";
import { openJudge } from "../judge/open-judge.ts";
import { methodBundleFolder } from "../methods/method-bundle.ts";
import { METHODS } from "../methods/methods.ts";
import type { MethodName } from "../methods/methods.ts";
import { FIRST_TREATMENTS, MINI_VIEW, openMiniData, SIDE } from "../stages/data.ts";
import { throughAutoencoder } from "./autoencoder.ts";
import { ask, firstOf, openBench, openCourtroom } from "./bench.ts";
import type { Scored } from "./bench.ts";
import { bootstrapMean } from "./bootstrap.ts";
import { claimsOf } from "./claims.ts";
import type { Leak } from "./claims.ts";
import { costOf } from "./costs.ts";
import { createGenerator } from "./generate.ts";
import { writeGrid } from "./grids.ts";
import { groupRows, mapRows } from "./layers.ts";
import { openJudged, trainedMethods } from "./models.ts";
import type { Judged } from "./models.ts";
import { curvesPlot } from "./plot.ts";
import type { Curve } from "./plot.ts";
import { recognise } from "./recognise.ts";
import { reportText } from "./report.ts";
import type { Report } from "./report.ts";
import { summarise } from "./score.ts";
import type { Row } from "./score.ts";
import { subjectRows, writeWordReader } from "./subject-words.ts";
import { drawUnits, HELD_OUT } from "./units.ts";

const { values, tokens } = parseArgs({
  tokens: true,
  options: {
    images: { type: "string", default: "192" }, bundle: { type: "string", default: join(ROOT_FOLDER, "models/mini") }, seed: { type: "string", default: "1" },
    out: { type: "string", default: join(ROOT_FOLDER, "docs") }, data: { type: "string" }, cache: { type: "string", default: join(ROOT_FOLDER, ".cache/evaluation") },
  },
});
const given = new Set(tokens.flatMap((token) => (token.kind === "option" ? [token.name] : [])));
const counts = z.object({ images: z.coerce.number().int().min(6), seed: z.coerce.number().int().nonnegative() }).safeParse(values);
if (!counts.success) throw new DeadiffError("request_invalid", `the evaluation cannot be asked so:\n${z.prettifyError(counts.error)}`);
const { images, seed } = counts.data;
const bundle = resolve(values.bundle), out = resolve(values.out);
const cache = resolve(values.cache);
const log = (line: string): void => console.log(line);

/** Questions of the experiments that ask many times. */
const few = Math.max(6, Math.min(32, Math.round(images / 3)));
const STRENGTHS = [0.5, 1, 1.5, 2];
/** Strength of a row of its own: less style, more of the prompt. */
const GENTLE = 0.75;
/** Prompt guidance of a row of its own. */
const APART = 3;

const [dataset, trained] = values.data === undefined ? [await openMiniData(), MINI_VIEW] : [await openDataset(resolve(values.data), { size: SIDE }), { treatments: FIRST_TREATMENTS }];
const runtime = await startRuntime();
const judge = await openJudge(runtime, await readJudge(JUDGE_FOLDER));
log("looking at real pictures of every style");
const room = await openCourtroom(dataset, judge, seed, cache);
const units = drawUnits(dataset, { seed, count: images, task: "stre", trained });
const bench = await openBench(dataset, room, units, "stre");
const small = firstOf(bench, few);
const generator = createGenerator(cache, log);
const shipped = await openJudged(runtime, bundle);

// Floors and ceilings.
const real = await bench.score("real picture", bench.targets);
const scored: Scored[] = [
  real,
  await bench.score("real picture through the autoencoder", await throughAutoencoder(shipped.model, bench.targets)),
  await bench.score("reference copied", bench.references),
];
const textOnly = await ask(generator, shipped, bench, "text alone", { image: "off" });
scored.push(textOnly, await ask(generator, shipped, bench, "text alone, the style in words", { image: "off", prompt: ({ prompt, target }) => `${prompt}, ${target.caption.style}` }));

// The shipped model, then the methods that were trained for comparison.
const contestants: { name: string; judged: Judged; main: Scored }[] = [];
const answer = async (name: string, judged: Judged): Promise<void> => {
  contestants.push({ name, judged, main: await ask(generator, judged, bench, name, { image: "on" }) });
};
await answer(`${shipped.model.name} as shipped`, shipped);
const gentle = await ask(generator, shipped, bench, `${shipped.model.name} as shipped, strength ${GENTLE}`, { image: "on", strength: GENTLE });
const apart = await ask(generator, shipped, bench, `${shipped.model.name} as shipped, prompt guidance ${APART}`, { image: "on", promptGuidance: APART });
const methods = values.data === undefined ? trainedMethods() : [];
for (const name of methods) await answer(METHODS[name].title, await openJudged(runtime, methodBundleFolder(name)));
const [first, ...others] = contestants.map(({ main }) => main);
scored.push(...(first === undefined ? [] : [first]), apart, gentle, ...others);

// Style against text as the tokens' gain grows.
const sweepRows: Row[] = [], curves: Curve[] = [];
for (const { name, judged } of contestants) {
  const rows: Row[] = [];
  for (const strength of STRENGTHS) rows.push((await ask(generator, judged, small, `${name}, strength ${strength}`, { image: "on", ...(strength !== 1 && { strength }) }, { distance: false })).row);
  sweepRows.push(...rows);
  curves.push({ name, points: rows.map((row, i) => ({ x: row.scores.styleCosine.mean, y: row.scores.textCosine.mean, label: String(STRENGTHS[i]) })) });
}
for (const [name, { scores }] of [["text alone", textOnly], ["real picture", real]] as const) {
  const { styleCosine, textCosine } = summarise(name, scores.slice(0, few), [], null).scores;
  curves.push({ name, points: [{ x: styleCosine.mean, y: textCosine.mean, label: "" }] });
}

// The reference's subject in a style told in words.
const restyleUnits = drawUnits(dataset, { seed: seed + 1, count: few, task: "sere", trained });
const restyle = await openBench(dataset, room, restyleUnits, "sere");
const restyleRows: Row[] = [
  (await restyle.score("real picture", restyle.targets, { distance: false })).row,
  (await ask(generator, shipped, restyle, "style words alone", { image: "off" }, { distance: false })).row,
];
// Methods whose layers read style tokens alone have no such condition.
for (const { name, judged } of contestants.filter(({ judged: { model } }) => model.config.layerMap.some((tokens) => tokens !== "style"))) restyleRows.push((await ask(generator, judged, restyle, name, { image: "on", mode: "content" }, { distance: false })).row);

const { subjects: known } = trained;
const asked = typeof known === "object" ? dataset.subjects.filter(({ hexcode }) => known.includes(hexcode)) : dataset.subjects;
const recognition = { subjects: asked.length, rows: await recognise(shipped.model, bench, asked) };

// Which layers carry what.
const maps = await mapRows(generator, (layerMap) => openJudged(runtime, bundle, layerMap), small, shipped.model.config.layerMap);
const reader = join(cache, "word-reader");
await writeWordReader(bundle, reader);
const told = await subjectRows(generator, (layerMap) => openJudged(runtime, reader, layerMap), restyle, shipped.model.config.layerMap.length);
const unsplit = methods.includes("no-layer-split") ? contestants.find(({ name }) => name === METHODS["no-layer-split"].title)?.judged : undefined;
const groups: Report["groups"][number][] = [];
if (unsplit !== undefined) for (const mode of ["style", "content"] as const) groups.push({ mode, images: few, rows: await groupRows(generator, unsplit, small, mode) });

await mkdir(join(out, "images"), { recursive: true });
await writeFile(join(out, "images/strength.svg"), curvesPlot("Style against text, by strength", { x: "style cosine with the reference", y: "text cosine with the prompt" }, curves));
await writeGrid(join(out, "images/evaluation.webp"), generator, bench, [
  { name: "text alone", judged: shipped, image: "off" }, ...contestants.map(({ name, judged }) => ({ name, judged, image: "on" as const })),
], { references: 6, prompts: 3 });

const mainOf = (name: MethodName): Scored | undefined => contestants.find((c) => c.name === METHODS[name].title)?.main;
const deadiff = mainOf("deadiff");
const leaks = (["reconstruction", "ip-adapter", "reconstruction-tasks"] as const).flatMap((name): Leak[] => {
  const other = mainOf(name);
  if (deadiff === undefined || other === undefined) return [];
  const less = (score: "leak" | "leakCosine") => bootstrapMean(deadiff.scores.map((own, i) => own[score] - (other.scores[i]?.[score] ?? 0)), seed);
  return [{ name: other.row.name, shares: { deadiff: deadiff.row.scores.leak.mean, other: other.row.scores.leak.mean }, share: less("leak"), cosine: less("leakCosine") }];
});
const costs = [];
for (const name of methods) {
  const cost = await costOf(name);
  if (cost !== null) costs.push({ name: METHODS[name].title, cost });
}
const report: Report = {
  command: ["npm run evaluate -- --images", images, "--seed", seed, ...(["bundle", "data"] as const).flatMap((name) => (given.has(name) ? [`--${name}`, values[name]] : []))].join(" "), images,
  model: `${shipped.model.name} ${shipped.model.version} (\`${shipped.identity.slice(0, 12)}\`)`, dataset: dataset.hash, judge: judge.hash,
  main: scored.map(({ row }) => row),
  parts: HELD_OUT.map((part) => ({
    part,
    rows: [real, textOnly, ...contestants.map(({ main }) => main)].map(({ row, scores }) => summarise(row.name, scores.filter((_, i) => units[i]?.part === part), [], null)),
  })),
  claims: claimsOf({ real: real.row, textOnly: textOnly.row, deadiff: contestants[0]?.main.row ?? real.row, leaks }),
  sweep: { file: "images/strength.svg", images: few, rows: sweepRows },
  restyle: { images: few, rows: restyleRows }, recognition,
  told: { images: few, rows: told }, maps: { images: few, rows: maps }, groups, grid: "images/evaluation.webp", costs,
  sampling: generator.made.pictures === 0 ? null : { pictures: generator.made.pictures, picturesASecond: generator.made.pictures / generator.made.seconds },
};
await writeFile(join(out, "evaluation.md"), reportText(report));
await runtime.close();
log(`${join(out, "evaluation.md")}: written`);
