import type { Tensor } from "onnxruntime-node";
import { DeadiffError } from "../errors.ts";
import type { HostDType, HostTensor } from "../session.ts";
import { copyTensor, fromOrt, toOrt } from "./tensors.ts";

/** One tensor, as the session contract and as ONNX Runtime see it: the same memory. */
type Held = { host: HostTensor; ort: Tensor };

/** A kept tensor, and the one it replaced, whose memory the next run may write into. */
type Slot = { current: Held; spare: Held | undefined };

/** Tensors that stay in the runtime between runs, by name. */
export type KeptTensors = {
  /** @throws `kept_missing` */
  get(name: string): Tensor;
  /** A copy. @throws `kept_missing` */
  read(name: string): HostTensor;
  /** Keeps a copy. @throws `tensor_length` */
  write(name: string, tensor: HostTensor): void;
  /**
   * Memory that a run may write the name's next value into, or undefined. It is the value before the last: a training
   * step, which reads every weight and writes it anew, so takes turns between two buffers and allocates nothing.
   */
  spare(name: string, dtype: HostDType, dims: readonly number[]): Tensor | undefined;
  /** Keeps what a run returned for the name; `reuse` makes a spare of the tensor it replaces. */
  keep(name: string, tensor: Tensor, reuse: boolean): void;
  /** Forgets names; unknown ones are no error. */
  drop(names: readonly string[]): void;
  clear(): void;
  /** The memory of all of them, spares included. */
  bytes(): number;
};

/** An empty store. */
export function keptTensors(): KeptTensors {
  const slots = new Map<string, Slot>();
  const current = (name: string): Held => {
    const slot = slots.get(name);
    if (slot === undefined) {
      throw new DeadiffError("kept_missing", `no tensor is kept as "${name}"; kept are: ${[...slots.keys()].join(", ") || "none"}`);
    }
    return slot.current;
  };
  return {
    get: (name) => current(name).ort,
    read: (name) => copyTensor(current(name).host),
    write(name, tensor) {
      const host = copyTensor(tensor);
      slots.set(name, { current: { host, ort: toOrt(host) }, spare: undefined });
    },
    spare(name, dtype, dims) {
      const spare = slots.get(name)?.spare?.ort;
      const fits = spare?.type === dtype && spare.dims.length === dims.length && spare.dims.every((dim, i) => dim === dims[i]);
      return fits ? spare : undefined;
    },
    keep(name, tensor, reuse) {
      const host = fromOrt(tensor);
      slots.set(name, { current: { host, ort: toOrt(host) }, spare: reuse ? slots.get(name)?.current : undefined });
    },
    drop(names) {
      for (const name of names) slots.delete(name);
    },
    clear: () => slots.clear(),
    bytes() {
      let total = 0;
      for (const { current, spare } of slots.values()) total += current.host.data.byteLength + (spare?.host.data.byteLength ?? 0);
      return total;
    },
  };
}
