import type { ReactNode } from "react";
import { cn } from "@/components/cn";

/** How large cells are shown. */
export type CellSize = "s" | "m" | "l";

const WIDTH: Readonly<Record<CellSize, string>> = { s: "w-20 min-w-20", m: "w-32 min-w-32", l: "w-27 min-w-27 sm:w-52 sm:min-w-52" };
const HEAD: Readonly<Record<CellSize, string>> = { s: "w-16", m: "w-20", l: "w-14 sm:w-28" };

/** The size that shows a matrix of so many columns best. */
export const fittingSize = (columns: number): CellSize => (columns <= 4 ? "l" : columns <= 8 ? "m" : "s");

interface MatrixTableProps {
  readonly caption: string;
  readonly size: CellSize;
  /** The heads of the row groups. */
  readonly references: readonly { readonly key: string; readonly head: ReactNode }[];
  readonly prompts: readonly string[];
  readonly strengths: readonly number[];
  readonly cell: (reference: number, prompt: number, strength: number) => ReactNode;
}

/** References down, strengths within them, prompts across. The heads stay in sight while the table scrolls. */
export const MatrixTable = ({ caption, size, references, prompts, strengths, cell }: MatrixTableProps) => {
  const several = strengths.length > 1;
  return (
    <div className="scroll-quiet w-fit max-w-full overflow-x-auto rounded-lg border bg-surface shadow-card" role="region" aria-label={caption} tabIndex={0}>
      <table className="border-separate border-spacing-0 p-2">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr>
            <th scope="col" className={cn("sticky left-0 z-10 bg-surface p-1.5", HEAD[size])}>
              <span className="sr-only">Reference</span>
            </th>
            {several && (
              <th scope="col" className="p-1.5 text-xs font-normal text-faint">
                <span className="max-sm:sr-only">Strength</span>
              </th>
            )}
            {prompts.map((prompt) => (
              <th key={prompt} scope="col" className={cn("p-1.5 align-bottom font-medium", WIDTH[size])}>
                <span title={prompt} className={cn("line-clamp-3 text-center [overflow-wrap:anywhere]", size === "s" && "text-xs")}>
                  {prompt === "" ? "no prompt" : prompt}
                </span>
              </th>
            ))}
          </tr>
        </thead>
        {references.map(({ key, head }, r) => (
          <tbody key={key}>
            {strengths.map((strength, s) => (
              <tr key={strength}>
                {s === 0 && (
                  <th scope="rowgroup" rowSpan={strengths.length} className="sticky left-0 z-10 bg-surface p-1.5 align-top font-normal">
                    <div className={HEAD[size]}>{head}</div>
                  </th>
                )}
                {several && (
                  <th scope="row" className="p-1.5 text-right font-mono text-xs font-normal whitespace-nowrap text-faint tabular-nums">
                    {strength} ×
                  </th>
                )}
                {prompts.map((prompt, p) => (
                  <td key={prompt} className={cn("p-1 align-top", WIDTH[size])}>
                    {cell(r, p, s)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
};
