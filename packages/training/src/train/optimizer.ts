import { ops } from "@deadiff/core";
import type { Tensor } from "@deadiff/core";

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

/** One trained parameter, its gradient and its moments. */
export type Slot = { parameter: Tensor; gradient: Tensor; m: Tensor; v: Tensor };

export type Update = { parameter: Tensor; m: Tensor; v: Tensor };

/**
 * One AdamW step on all parameters, with the gradient clipped by its global norm. Bias correction is folded into two
 * scalars, so that it costs nothing per weight (Kingma & Ba 2015, arXiv:1412.6980, section 2, last paragraph).
 *
 * @param lr the learning rate times sqrt(1 - beta2^t) / (1 - beta1^t), scalar
 * @param decay learning rate times weight decay, scalar
 * @param eps AdamW's eps times sqrt(1 - beta2^t), scalar
 */
export function adamW(slots: readonly Slot[], { lr, decay, eps }: Record<"lr" | "decay" | "eps", Tensor>, config: AdamWConfig): { updates: Update[]; gradientNorm: Tensor } {
  const squares = slots.map(({ gradient }) => ops.sum(ops.square(gradient)));
  const gradientNorm = ops.sqrt(squares.reduce((a, b) => ops.add(a, b)));
  // min(1, clip / norm) = clip / max(clip, norm)
  const scale = ops.div(config.clipNorm, ops.maximum(gradientNorm, config.clipNorm));
  const updates = slots.map(({ parameter, gradient, m, v }): Update => {
    const g = ops.mul(gradient, scale);
    const m2 = ops.add(m, ops.mul(ops.sub(g, m), 1 - config.beta1));
    const v2 = ops.add(v, ops.mul(ops.sub(ops.square(g), v), 1 - config.beta2));
    const step = ops.mul(ops.div(m2, ops.add(ops.sqrt(v2), eps)), lr);
    const decays = config.weightDecay > 0 && parameter.shape.length > 1;
    const kept = decays ? ops.sub(parameter, ops.mul(parameter, decay)) : parameter;
    return { parameter: ops.sub(kept, step), m: m2, v: v2 };
  });
  return { updates, gradientNorm };
}

/** The three scalars of `adamW` at step `t` (from 1) and learning rate `lr`. */
export function adamWScalars(t: number, lr: number, config: AdamWConfig): Record<"lr" | "decay" | "eps", number> {
  const root2 = Math.sqrt(1 - config.beta2 ** t);
  return { lr: (lr * root2) / (1 - config.beta1 ** t), decay: lr * config.weightDecay, eps: config.eps * root2 };
}

/** Linear warm-up to `peak`, then a cosine to `floor` times it at `steps`. */
export function learningRate(step: number, { peak, warmup, steps, floor }: { peak: number; warmup: number; steps: number; floor: number }): number {
  if (step < warmup) return (peak * (step + 1)) / warmup;
  const progress = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
  return peak * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}
