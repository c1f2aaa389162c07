import { DeadiffError } from "../errors.ts";
import type { HostTensor } from "../session.ts";
import type { StoredDType } from "./dtype.ts";

/** What a weight file says of one tensor without reading it. */
export type TensorInfo = { readonly name: string; readonly dtype: StoredDType; readonly dims: readonly number[] };

/** An open weight file, whatever its format: tensors are listed at once and read one by one. */
export type TensorSource = {
  /** Every tensor by its name, in the file's order. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Reads one tensor (see `hostTensor` for its host type). Fails with `tensor_missing`, or a code of the format. */
  read(name: string): Promise<HostTensor>;
  close(): Promise<void>;
};

/** The error `tensor_missing` for a name that a weight file does not hold. */
export const tensorMissing = (name: string): DeadiffError => new DeadiffError("tensor_missing", `the weight file holds no tensor ${name}`);
