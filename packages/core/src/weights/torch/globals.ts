import { DeadiffError } from "../../errors.ts";
import type { TorchValue } from "./value.ts";

/** Every global that weights are made of. */
const meaningful: ReadonlyMap<string, TorchValue> = new Map<string, TorchValue>([
  ["torch._utils._rebuild_tensor_v2", { kind: "function", name: "_rebuild_tensor_v2" }],
  ["torch._utils._rebuild_parameter", { kind: "function", name: "_rebuild_parameter" }],
  ["collections.OrderedDict", { kind: "function", name: "OrderedDict" }],
  ["torch.DoubleStorage", { kind: "storageType", dtype: "F64" }],
  ["torch.FloatStorage", { kind: "storageType", dtype: "F32" }],
  ["torch.HalfStorage", { kind: "storageType", dtype: "F16" }],
  ["torch.BFloat16Storage", { kind: "storageType", dtype: "BF16" }],
  ["torch.LongStorage", { kind: "storageType", dtype: "I64" }],
  ["torch.IntStorage", { kind: "storageType", dtype: "I32" }],
  ["torch.ShortStorage", { kind: "storageType", dtype: "I16" }],
  ["torch.CharStorage", { kind: "storageType", dtype: "I8" }],
  ["torch.ByteStorage", { kind: "storageType", dtype: "U8" }],
  ["torch.BoolStorage", { kind: "storageType", dtype: "BOOL" }],
]);

/**
 * Globals that training checkpoints name beside their weights: Stable Diffusion's hold the state of Lightning's
 * ModelCheckpoint, with numpy scalars in it. They become inert values, never objects.
 */
const inert: ReadonlySet<string> = new Set([
  "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", "numpy.dtype", "_codecs.encode",
  "torch.float32", "torch.Size", "builtins.set", "__builtin__.set", "pytorch_lightning.utilities.parsing.AttributeDict",
]);
const inertModules: readonly string[] = ["pytorch_lightning.callbacks.", "lightning.pytorch.callbacks."];

/**
 * The meaning of a global of a checkpoint's pickle. Nothing is imported or run, whatever the name; one that is not on
 * the allow-list is refused with `checkpoint_unsafe_global`, because a file that names it was not made to hold weights.
 */
export function findGlobal(module: string, name: string): TorchValue {
  const full = `${module}.${name}`;
  const known = meaningful.get(full);
  if (known !== undefined) return known;
  if (inert.has(full) || inertModules.some((prefix) => module.startsWith(prefix))) return { kind: "inert", name: full };
  throw new DeadiffError("checkpoint_unsafe_global", `the checkpoint names ${JSON.stringify(full)}, which weights have no use for; nothing was run. Get the weights as .safetensors, or from a source you trust`, { context: { global: full } });
}
