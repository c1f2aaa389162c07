import type { Matrix } from "@deadiff/schemas/contracts";
import { axesOf, cellIndex, cellsByPlace } from "./axes";
import type { StoredReference } from "@/references/stored";

const HEADER = ["cell", "references", "prompt", "strength", "seed", "state", "job", "model", "width", "height", "sha256", "queue_ms", "run_ms", "error"] as const;

/** A field as RFC 4180 has it. One that a spreadsheet would run as a formula is led in by an apostrophe. */
const field = (value: string | number | null | undefined): string => {
  const text = value == null ? "" : String(value);
  const plain = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
};

/** A set of references in one field: ids with their share. */
const named = (set: readonly StoredReference[]): string =>
  set
    .map(({ styles, members, weight, mode }) => {
      const parts = styles.length > 0 ? styles.map((style) => `${style.id}@${style.version}`) : members.map(({ source }) => ("image" in source ? source.image : "code" in source ? source.code : source.url));
      return `${parts.join("+")} ${mode} x${weight}`;
    })
    .join("; ");

/** A matrix as CSV, one line a cell, in the order of the cells. */
export const matrixCsv = (matrix: Matrix): string => {
  const axes = axesOf(matrix);
  const cells = cellsByPlace(matrix);
  const lines = axes.references.flatMap((set, r) =>
    axes.prompts.flatMap((prompt, p) =>
      axes.strengths.map((strength, s) => {
        const place = cellIndex(matrix.axes, r, p, s);
        const job = cells.get(place);
        const output = job?.outputs[0];
        return [place, named(set), prompt, strength, job?.seed, job?.state ?? "deleted", job?.id, job?.model, output?.width, output?.height, output?.sha256, job?.metrics.queue_ms, job?.metrics.run_ms, job?.error?.code];
      }),
    ),
  );
  return [HEADER, ...lines].map((line) => line.map(field).join(",")).join("\r\n") + "\r\n";
};
