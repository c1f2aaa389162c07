import type { Estimate } from "./bootstrap.ts";
import type { Row, Score } from "./score.ts";

/** A column of a score table. */
export type Column = { readonly title: string; readonly score: keyof Score | "distance"; readonly as: "cosine" | "share" | "distance" };

export const COLUMNS: readonly Column[] = [
  { title: "style cosine", score: "styleCosine", as: "cosine" },
  { title: "style top-1", score: "styleTop1", as: "share" },
  { title: "text cosine", score: "textCosine", as: "cosine" },
  { title: "text top-1", score: "textTop1", as: "share" },
  { title: "text top-5", score: "textTop5", as: "share" },
  { title: "subject leak", score: "leak", as: "share" },
  { title: "leak cosine", score: "leakCosine", as: "cosine" },
  { title: "Fréchet", score: "distance", as: "distance" },
];

/** A number as its column writes it; shares in per cent. */
export function figure(value: number, as: Column["as"]): string {
  switch (as) {
    case "cosine": return value.toFixed(3);
    case "share": return (100 * value).toFixed(1);
    case "distance": return value.toFixed(2);
  }
}

/** A mean with its 95 % interval. */
export const withInterval = ({ mean, low, high }: Estimate, as: Column["as"]): string => `${figure(mean, as)} (${figure(low, as)} to ${figure(high, as)})`;

/** Rows of scores as a Markdown table. */
export function scoreTable(rows: readonly Row[], columns: readonly Column[] = COLUMNS): string {
  const cell = (row: Row, { score, as }: Column): string => {
    if (score !== "distance") return withInterval(row.scores[score], as);
    return row.distance === null ? "" : figure(row.distance, as);
  };
  return markdownTable(["", ...columns.map(({ title, as }) => (as === "share" ? `${title}, %` : title))], rows.map((row) => [row.name, ...columns.map((column) => cell(row, column))]));
}

/** A Markdown table. */
export const markdownTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
