import type { Cost } from "./costs.ts";
import type { Claim } from "./claims.ts";
import type { Recognition } from "./recognise.ts";
import { COLUMNS, markdownTable, scoreTable, withInterval } from "./tables.ts";
import type { Row } from "./score.ts";

/** All that a report says. */
export type Report = {
  readonly command: string;
  readonly images: number;
  readonly model: string;
  readonly dataset: string;
  readonly judge: string;
  readonly main: readonly Row[];
  readonly parts: readonly { readonly part: string; readonly rows: readonly Row[] }[];
  readonly claims: readonly Claim[];
  readonly sweep: { readonly file: string; readonly images: number; readonly rows: readonly Row[] } | null;
  readonly restyle: { readonly images: number; readonly rows: readonly Row[] } | null;
  readonly recognition: { readonly subjects: number; readonly rows: readonly Recognition[] } | null;
  readonly told: { readonly images: number; readonly rows: readonly Row[] } | null;
  readonly maps: { readonly images: number; readonly rows: readonly Row[] } | null;
  readonly groups: readonly { readonly mode: "style" | "content"; readonly images: number; readonly rows: readonly Row[] }[];
  readonly grid: string | null;
  readonly costs: readonly { readonly name: string; readonly cost: Cost }[];
  readonly sampling: { readonly pictures: number; readonly picturesASecond: number } | null;
};

const NARROW = COLUMNS.filter(({ score }) => ["styleCosine", "styleTop1", "textCosine", "textTop1", "leak", "leakCosine"].includes(score));

/** The report as Markdown. */
export function reportText(r: Report): string {
  const sections = [
    `# Evaluation

Written by \`${r.command}\`: the numbers below are that command's, on ${r.model}, dataset \`${r.dataset.slice(0, 12)}\`, judge \`${r.judge.slice(0, 12)}\`.

Every question is a pair of drawings in one style that training never saw, a third each by what is new: the drawings
(\`newPictures\`), the treatment (\`newTreatments\`) or the hand (\`newHands\`). The reference is one of the pair; the prompt
names the subject of the other, which is therefore the real answer. One picture a question, each question with its own
seed, sampled by the product's pipeline with its default settings. Means over ${r.images} questions; 95 % bootstrap
intervals over questions in brackets.

The judge ([models/judge](../models/judge/README.md)) is two small convolutional networks trained on real pictures alone.

| figure | what it is |
| --- | --- |
| style cosine, style top-1 | the picture's style embedding beside the reference's; whether the reference's style is the nearest of all 352 (hand and treatment), held-out ones included |
| text cosine, top-1, top-5 | the picture beside the name of the prompt's subject; whether that name is (among) the nearest of all 782 |
| subject leak, leak cosine | how often the nearest name is that of the *reference's* subject; the picture beside that name: what shows through without taking over |
| Fréchet | distance, in 32 principal components of the judge's features, from real pictures in the very same styles with other subjects. Sets are matched style by style; of one style alone there are too few pictures for a covariance |`,
    `## Methods side by side

The first rows are floor and ceiling. "Real picture" is the answer as the hand drew it, "through the autoencoder" what the
decoder leaves of it, "reference copied" a model that ignores the prompt, "text alone" one that ignores the reference.
"Prompt guidance" enlarges what the prompt changes beside the reference; all other rows have one guidance for both, as DEADiff's authors sample.

${scoreTable(r.main)}`,
    `## Goals

${markdownTable(["goal", "measured", "met"], r.claims.map(({ goal, measured, met }) => [goal, measured, met ? "yes" : "**no**"]))}`,
    ...(r.grid === null ? [] : [`## Pictures

References at the left, the prompt in front; one seed for all. References and prompts are those of the first questions.

![References by prompts by methods](${r.grid})`]),
    `## By what is new

${r.parts.map(({ part, rows }) => `\`${part}\`\n\n${scoreTable(rows, NARROW)}`).join("\n\n")}`,
    ...(r.sweep === null ? [] : [`## Strength

Style against text while the gain of the image tokens grows; one curve a method, ${r.sweep.images} questions a point.

![Style against text](${r.sweep.file})

${scoreTable(r.sweep.rows, NARROW)}`]),
    ...(r.restyle === null ? [] : [`## The other condition: restyling the reference's subject

With the condition \`content\` the tokens carry what the reference shows, and the prompt names a style in words. Scored
against a real picture of the reference's subject in that style; ${r.restyle.images} questions.

${scoreTable(r.restyle.rows, NARROW.filter(({ score }) => !score.startsWith("leak")))}`]),
    ...(r.recognition === null ? [] : [`What the shipped model recognises of its references: how often the content tokens lie nearest to the text encoder's own words for
the subject, among the ${r.recognition.subjects} subjects it was trained on; the ${r.images} references of the first table.

${markdownTable(["what is new", "subject recognised, %"], r.recognition.rows.map(({ part, top1 }) => [`\`${part}\``, withInterval(top1, "share")]))}`]),
    layerSection(r),
    costSection(r),
  ];
  return `${sections.filter(Boolean).join("\n\n")}\n`;
}

function layerSection({ told, maps, groups }: Report): string {
  if (told === null && maps === null && groups.length === 0) return "";
  const parts = [`## Layers: are 7 and 8 style or content?

Layers are numbered in running order: down 0 to 5, middle 6, up 7 to 15. In SD 1.5 layers 4 to 8 work at 16 x 16 positions and
the middle's 8 x 8; in mini at 2 x 2, and layers 2, 3 and 10 to 12 at 4 x 4.`];
  if (told !== null) parts.push(`### Where the base takes the subject from

No training: the subject's own words, as the text encoder states them, are the content tokens of the layers named, with the
text's keys and values; the prompt names a style for all layers. Scored against the real picture of that subject in that style;
${told.images} questions. A layer map whose row here is low cannot carry a subject, whatever the Q-Former learns.

${scoreTable(told.rows, NARROW.filter(({ score }) => !score.startsWith("leak")))}`);
  if (maps !== null) parts.push(`### Another layer map than the trained one

The model as trained, asked for style under other maps: layers that are handed style tokens here were trained
on content tokens, so this shows what comes through, not what training with that map would give; ${maps.images} questions.

${scoreTable(maps.rows, NARROW)}`);
  for (const { mode, images, rows } of groups) parts.push(`### Tokens of \`${mode}\` in some layers alone

The model without the layer split, whose layers were all trained on both kinds of tokens; gain 1 in the layers named and 0
elsewhere; ${images} questions.

${scoreTable(rows, NARROW)}`);
  return parts.join("\n\n");
}

function costSection({ costs, sampling }: Report): string {
  const parts: string[] = [];
  if (costs.length > 0) parts.push(`Training of the compared methods, each over the same frozen base, data and seed:

${markdownTable(["", "weights that learn, millions", "samples", "samples a second"], costs.map(({ name, cost }) => [name, cost.trained.toFixed(2), cost.samples.toLocaleString("en"), cost.samplesASecond.toFixed(1)]))}`);
  if (sampling !== null) parts.push(`This evaluation made ${sampling.pictures.toLocaleString("en")} pictures anew, ${sampling.picturesASecond.toFixed(1)} a second, eight side by side (two cores, shared with other work).`);
  return parts.length === 0 ? "" : `## Cost\n\n${parts.join("\n\n")}`;
}
