import { DeadiffError } from "../../errors.ts";
import type { PickleValue } from "../pickle/value.ts";
import { describe, malformed, type TorchTensor, type TorchValue } from "./value.ts";

type Value = PickleValue<TorchValue>;
type Entries = readonly [Value, Value][];

/**
 * The named tensors of a checkpoint: those of its `state_dict`, or of the root where it has none (a bare
 * `torch.save(model.state_dict())`). Everything beside `state_dict` is passed over; inside it only tensors may stand.
 * Fails with `checkpoint_no_state_dict` or `checkpoint_malformed`.
 */
export function stateDict(root: Value): ReadonlyMap<string, TorchTensor> {
  if (root.kind !== "dict") throw noStateDict(`its root is a ${describe(root)}`);
  const inner = root.entries.findLast(([key]) => key.kind === "text" && key.value === "state_dict")?.[1];
  if (inner !== undefined && inner.kind !== "dict") throw noStateDict(`its state_dict is a ${describe(inner)}`);
  if (inner === undefined && !root.entries.some(([, value]) => isTensor(value))) throw noStateDict(`its root holds ${names(root.entries)}`);
  const tensors = new Map<string, TorchTensor>();
  for (const [key, value] of (inner ?? root).entries) {
    if (key.kind !== "text") throw malformed(`a key of the state_dict is a ${describe(key)}`);
    if (!isTensor(value)) throw malformed(`${key.value} is a ${describe(value)}, not a tensor`);
    tensors.set(key.value, value.value);
  }
  return tensors;
}

const isTensor = (value: Value): value is { kind: "domain"; value: TorchTensor } => value.kind === "domain" && value.value.kind === "tensor";

const noStateDict = (found: string): DeadiffError => new DeadiffError("checkpoint_no_state_dict", `the checkpoint holds no state_dict: ${found}`);

const names = (entries: Entries): string => entries.slice(0, 8).map(([key]) => (key.kind === "text" ? key.value : key.kind)).join(", ");
