import { ops } from "@deadiff/core";
import type { Tensor } from "@deadiff/core";
import { muon } from "./muon.ts";
import type { MuonConfig } from "./muon.ts";

/** AdamW's constants (Loshchilov & Hutter 2019, arXiv:1711.05101). */
export type AdamWConfig = {
  beta1: number;
  beta2: number;
  eps: number;
  /** Applied to matrices and kernels, not to biases and norms. */
  weightDecay: number;
  /** Largest global norm of the gradient. */
  clipNorm: number;
};

export const ADAMW: AdamWConfig = { beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0.01, clipNorm: 1 };

/** How weights are updated: by AdamW, and where Muon is given, by Muon those that it takes. */
export type OptimizerConfig = { adamW: AdamWConfig; muon?: MuonConfig };

/** One trained parameter, its gradient and its moments; there is no `v` where Muon updates it. */
export type Slot = { parameter: Tensor; gradient: Tensor; m: Tensor; v: Tensor | null };

export type Update = { parameter: Tensor; m: Tensor; v: Tensor | null };

/**
 * One step on all parameters, with the gradient clipped by its global norm. AdamW's bias correction is folded into two
 * scalars, so that it costs nothing per weight (Kingma & Ba 2015, arXiv:1412.6980, section 2, last paragraph).
 *
 * @param rate the learning rate, scalar
 * @param lr the learning rate times sqrt(1 - beta2^t) / (1 - beta1^t), scalar
 * @param decay learning rate times weight decay, scalar
 * @param eps AdamW's eps times sqrt(1 - beta2^t), scalar
 */
export function optimise(
  slots: readonly Slot[], { rate, lr, decay, eps }: Record<keyof Scalars, Tensor>, { adamW: config, muon: muonConfig }: OptimizerConfig,
): { updates: Update[]; gradientNorm: Tensor } {
  const squares = slots.map(({ gradient }) => ops.sum(ops.square(gradient)));
  const gradientNorm = ops.sqrt(squares.reduce((a, b) => ops.add(a, b)));
  // min(1, clip / norm) = clip / max(clip, norm)
  const scale = ops.div(config.clipNorm, ops.maximum(gradientNorm, config.clipNorm));
  const updates = slots.map(({ parameter, gradient, m, v }): Update => {
    const g = ops.mul(gradient, scale);
    const decays = config.weightDecay > 0 && parameter.shape.length > 1;
    const kept = decays ? ops.sub(parameter, ops.mul(parameter, decay)) : parameter;
    if (v === null) {
      if (muonConfig === undefined) throw new TypeError("optimise: a parameter without v needs Muon's constants");
      const { step, m: next } = muon(g, m, muonConfig);
      return { parameter: ops.sub(kept, ops.mul(step, rate)), m: next, v };
    }
    const m2 = ops.add(m, ops.mul(ops.sub(g, m), 1 - config.beta1));
    const v2 = ops.add(v, ops.mul(ops.sub(ops.square(g), v), 1 - config.beta2));
    const step = ops.mul(ops.div(m2, ops.add(ops.sqrt(v2), eps)), lr);
    return { parameter: ops.sub(kept, step), m: m2, v: v2 };
  });
  return { updates, gradientNorm };
}

type Scalars = { rate: number; lr: number; decay: number; eps: number };

/** The scalars of `optimise` at step `t` (from 1) and learning rate `lr`. */
export function stepScalars(t: number, lr: number, config: AdamWConfig): Scalars {
  const root2 = Math.sqrt(1 - config.beta2 ** t);
  return { rate: lr, lr: (lr * root2) / (1 - config.beta1 ** t), decay: lr * config.weightDecay, eps: config.eps * root2 };
}

export type Rate = {
  peak: number;
  /** Steps of the rise to the peak. */
  warmup: number;
  /** What is left of the peak at the end, as a share of it. */
  floor: number;
  /** Steps of a straight fall at the end, the peak holding until then; without it a cosine falls all the way. */
  decay?: number;
};

/**
 * Linear warm-up to `peak`, then down to `floor` times it at `steps`: by a cosine, or held and let down at the end (Hägele
 * et al. 2024, arXiv:2405.18392), which suits runs that are taken up again: what was held has not decayed for nothing.
 */
export function learningRate(step: number, { peak, warmup, steps, floor, decay }: Rate & { steps: number }): number {
  if (step < warmup) return (peak * (step + 1)) / warmup;
  if (decay !== undefined) return peak * Math.max(floor, 1 - (1 - floor) * Math.max(0, step - (steps - decay)) / decay);
  const progress = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
  return peak * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}
