import type { InputSpec, ParamSpec, Tensor } from "@deadiff/core";

/**
 * What a stage minimises: which parameters there are, which of them learn, and the loss as a tensor function of one
 * batch. The trainer knows nothing else of a stage.
 */
export type Objective<Batch extends Readonly<Record<string, InputSpec>> = Readonly<Record<string, InputSpec>>> = {
  name: string;
  /** Every parameter by name. */
  parameters: readonly { name: string; spec: ParamSpec }[];
  /** Names of the parameters that learn; the others stay bit-equal. */
  trained: ReadonlySet<string>;
  /** Shapes of a batch, static. */
  batch: Batch;
  /** The loss (scalar) first, then what else is worth a curve (scalars). Parameters are named tensors of `parameters`. */
  loss(batch: { [K in keyof Batch]: Tensor }): { loss: Tensor } & Readonly<Record<string, Tensor>>;
};
