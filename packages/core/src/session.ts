/** Element types that cross a session's border, with the array that holds each. */
export type HostData = {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  int64: BigInt64Array;
  int32: Int32Array;
  uint8: Uint8Array;
  bool: Uint8Array;
};

export type HostDType = keyof HostData;

/** A tensor in host memory: row-major `data` of `dims`. */
export type HostTensor = { [D in HostDType]: { dtype: D; dims: readonly number[]; data: HostData[D] } }[HostDType];

/** The name of a tensor that stays inside the runtime between runs: K and V of a job, weights and moments of a training run. */
export type Kept = { kept: string };

export type RunOptions = {
  /** Outputs that stay inside the runtime, by output name, under the given kept name; they are not returned. */
  keep?: Readonly<Record<string, string>>;
};

/** One loaded graph. `run` may be called again only after the previous call settled. */
export type Session = {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, HostTensor | Kept>>, options?: RunOptions): Promise<Record<string, HostTensor>>;
  close(): Promise<void>;
};

/** What a session is made from: ONNX bytes, and the folder that its external weights lie in. */
export type SessionSource = {
  /** Shown in logs and errors. */
  name: string;
  /** A serialized onnx.ModelProto (at most 2 GB; weights beyond that are external). */
  onnx: Uint8Array;
  /** Folder that external data locations are relative to. */
  weightsFolder?: string;
  /** Identity of the weights (for caches): the bundle's sha256 of each external file. */
  weightsHash?: string;
};

/** Owns sessions and kept tensors; one per inference process. */
export type Runtime = {
  open(source: SessionSource): Promise<Session>;
  read(kept: string): Promise<HostTensor>;
  write(kept: string, tensor: HostTensor): Promise<void>;
  drop(kept: readonly string[]): Promise<void>;
  close(): Promise<void>;
};
