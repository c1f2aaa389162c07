import type { Trial } from "../trial.ts";

/** What a case found beside what the oracle checks. */
export interface Outcome {
  /** How often each thing was done or seen. */
  readonly counts: Readonly<Record<string, number>>;
  /** Milliseconds from each fault to normal work. */
  readonly recoveriesMs?: readonly number[];
  /** Figures with their unit. */
  readonly figures?: Readonly<Record<string, string>>;
  /** What did not hold. */
  readonly failures: readonly string[];
  /** False: this case's receivers refuse on purpose, so that endings may be untold. */
  readonly telling?: boolean;
}

/** One fault and what must hold all the same. */
export interface Case {
  readonly id: string;
  readonly title: string;
  /** What must hold, beside the invariants. */
  readonly pass: string;
  /** How often by default, in the long run and in the short one of `npm test` (left out there when missing). */
  readonly count: number;
  readonly short?: number;
  /** What kind of world it needs when not the usual one. */
  readonly edge?: "workerd";
  readonly leaseS?: number;
  readonly run: (trial: Trial) => Promise<Outcome>;
}
