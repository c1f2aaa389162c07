/** A limit on calls: `quota` per `windowS`, bursts up to the quota (GCRA). */
export interface RatePolicy {
  readonly name: string;
  readonly quota: number;
  readonly windowS: number;
}

/** The limits per API key, per person at the web app, and (`public`, `sign_in`) per address. Names are those of the RateLimit header fields. */
export const RATE_POLICIES = {
  create: { name: "create", quota: 600, windowS: 60 },
  read: { name: "read", quota: 3000, windowS: 60 },
  write: { name: "write", quota: 300, windowS: 60 },
  public: { name: "public", quota: 300, windowS: 60 },
  sign_in: { name: "sign_in", quota: 20, windowS: 60 },
} as const satisfies Record<string, RatePolicy>;

/** A name of {@link RATE_POLICIES}. */
export type RatePolicyName = keyof typeof RATE_POLICIES;

/** Whether a call may pass, and what its RateLimit header says. */
export interface RateDecision {
  readonly allowed: boolean;
  readonly remaining: number;
  /** Seconds until the quota is whole again. */
  readonly resetS: number;
  /** Seconds until the next call passes; 0 when one passes now. */
  readonly retryAfterS: number;
}

/** Reads the decision from the theoretical arrival time, `tatS` seconds from now, after the call was counted (or refused). */
export const rateDecision = (policy: RatePolicy, allowed: boolean, tatS: number): RateDecision => {
  const interval = policy.windowS / policy.quota;
  const free = Math.max(0, Math.floor((policy.windowS - tatS) / interval + 1e-6));
  return {
    allowed,
    remaining: allowed ? free : 0,
    resetS: Math.ceil(Math.max(0, tatS)),
    // A refused call may see a state from just before the calls that refused it: it is still told to wait.
    retryAfterS: allowed && free > 0 ? 0 : Math.max(1, Math.ceil(tatS + interval - policy.windowS)),
  };
};
