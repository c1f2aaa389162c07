import { DeadiffError } from "../../errors.ts";
import type { StoredDType } from "../dtype.ts";
import type { PickleValue } from "../pickle/value.ts";

/** A run of elements in its own archive entry, `data/<key>`; several tensors may be views of one. */
export type TorchStorage = { readonly kind: "storage"; readonly key: string; readonly dtype: StoredDType; readonly elements: number };

/** A tensor as a strided view of a storage; offset and strides count elements. */
export type TorchTensor = { readonly kind: "tensor"; readonly storage: TorchStorage; readonly offset: number; readonly dims: readonly number[]; readonly strides: readonly number[] };

/** What the globals of a checkpoint, and calls of them, become. */
export type TorchValue =
  | { readonly kind: "function"; readonly name: TorchFunction }
  | { readonly kind: "storageType"; readonly dtype: StoredDType }
  | TorchStorage
  | TorchTensor
  /** Something a training run left beside the weights: known by name, with no meaning here. */
  | { readonly kind: "inert"; readonly name: string };

/** The three functions that a state dict is built with. */
export type TorchFunction = "_rebuild_tensor_v2" | "_rebuild_parameter" | "OrderedDict";

/** The error `checkpoint_malformed`: the archive is readable but does not say what torch.save writes. */
export const malformed = (what: string, cause?: unknown): DeadiffError => new DeadiffError("checkpoint_malformed", `not a checkpoint as torch.save writes it: ${what}`, { cause });

/** What a value is, for messages. */
export const describe = (value: PickleValue<TorchValue> | undefined): string =>
  value === undefined ? "nothing" : value.kind === "domain" ? (value.value.kind === "inert" ? value.value.name : value.value.kind) : value.kind;
