import type { Estimate } from "./bootstrap.ts";
import { figure, withInterval } from "./tables.ts";
import type { Row } from "./score.ts";

/** A goal and what was measured for it. */
export type Claim = { readonly goal: string; readonly measured: string; readonly met: boolean };

/** The rows that goals are about. */
export type ClaimRows = { readonly real: Row; readonly textOnly: Row; readonly deadiff: Row; readonly leaks: readonly Leak[] };

/**
 * DEADiff beside a method that was trained by reconstruction with the same budget, question by question: in what share of pictures
 * the reference's subject took over, and how near the pictures lie to its name, which tells methods apart where no subject takes over.
 */
export type Leak = { readonly name: string; readonly shares: { readonly deadiff: number; readonly other: number }; /** DEADiff's less the other's. */ readonly share: Estimate; readonly cosine: Estimate };

/** Holds the rows to the goals of the method: the prompt is kept and the style still comes. */
export function claimsOf({ real, textOnly, deadiff, leaks }: ClaimRows): Claim[] {
  const share = (x: number): string => `${figure(x, "share")} %`;
  const [base, ceiling] = [textOnly.scores.textTop1.mean, real.scores.textTop1.mean];
  const [style, floor] = [deadiff.scores.styleTop1.mean, textOnly.scores.styleTop1.mean];
  const text = deadiff.scores.textTop1.mean;
  const claims: Claim[] = [
    { goal: "base model: text top-1 at least half of the real pictures'", measured: `${share(base)} of ${share(ceiling)}`, met: base >= ceiling / 2 },
    {
      goal: "DEADiff on held-out references: style top-1 at least 5 times the text-only floor",
      measured: floor === 0 ? `${share(style)}, the floor is 0` : `${share(style)}, ${(style / floor).toFixed(1)} times ${share(floor)}`, met: style > 0 && style >= 5 * floor,
    },
    { goal: "DEADiff: text top-1 within 10 % of the text-only base's", measured: `${share(text)} against ${share(base)}`, met: text >= 0.9 * base },
  ];
  return [...claims, ...leaks.map(({ name, shares, share: more, cosine }): Claim => ({
    goal: `DEADiff: subject leak below that of "${name}"`,
    measured: `leak cosine ${withInterval(cosine, "cosine")} from the other's; taken over ${share(shares.deadiff)} against ${share(shares.other)}, of real pictures ${share(real.scores.leak.mean)}`,
    met: cosine.high < 0 && more.low <= 0,
  }))];
}
