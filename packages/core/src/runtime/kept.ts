import type { Tensor } from "onnxruntime-node";
import { DeadiffError } from "../errors.ts";
import type { HostDType, HostTensor } from "../session.ts";
import { copyTensor, fromOrt, toOrt } from "./tensors.ts";

/** A kept tensor and the buffer that it replaced, which the next run may write into. */
type Slot = { host: HostTensor; ort: Tensor; spare: Tensor | undefined };

/** Tensors that stay in the runtime between runs, by name. */
export type KeptTensors = {
  /** @throws `kept_missing` */
  get(name: string): Tensor;
  read(name: string): HostTensor;
  write(name: string, tensor: HostTensor): void;
  /**
   * A buffer that a run may write the name's next value into, or undefined. It is the value before the last: a training
   * step, which reads every weight and writes it anew, so takes turns between two buffers and allocates nothing.
   */
  spare(name: string, dtype: HostDType, dims: readonly (number | string)[]): Tensor | undefined;
  /** Keeps what a run returned for the name; `reuse` makes a spare of the tensor it replaces. */
  keep(name: string, tensor: Tensor, reuse: boolean): void;
  drop(names: readonly string[]): void;
  clear(): void;
  bytes(): number;
};

/** An empty store. */
export function keptTensors(): KeptTensors {
  const slots = new Map<string, Slot>();
  const slot = (name: string): Slot => {
    const found = slots.get(name);
    if (found === undefined) {
      throw new DeadiffError("kept_missing", `no tensor is kept as "${name}"; kept are: ${[...slots.keys()].join(", ") || "none"}`);
    }
    return found;
  };
  const sameKind = (tensor: Tensor, dtype: HostDType, dims: readonly (number | string)[]): boolean =>
    tensor.type === dtype && tensor.dims.length === dims.length && tensor.dims.every((dim, i) => dim === dims[i]);
  return {
    get: (name) => slot(name).ort,
    read: (name) => copyTensor(slot(name).host),
    write(name, tensor) {
      const host = copyTensor(tensor);
      slots.set(name, { host, ort: toOrt(host), spare: undefined });
    },
    spare(name, dtype, dims) {
      const spare = slots.get(name)?.spare;
      return spare !== undefined && sameKind(spare, dtype, dims) ? spare : undefined;
    },
    keep(name, tensor, reuse) {
      const host = fromOrt(tensor);
      slots.set(name, { host, ort: toOrt(host), spare: reuse ? slots.get(name)?.ort : undefined });
    },
    drop(names) {
      for (const name of names) slots.delete(name);
    },
    clear: () => slots.clear(),
    bytes() {
      let total = 0;
      for (const { host, spare } of slots.values()) total += host.data.byteLength + (spare === undefined ? 0 : fromOrt(spare).data.byteLength);
      return total;
    },
  };
}
