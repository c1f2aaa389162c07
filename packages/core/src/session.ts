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

/** How a session came to be. */
export type LoadReport = {
  /** `cache`: an optimised graph made earlier; `baked`: made and cached just now; `source`: optimised in memory. */
  from: "cache" | "baked" | "source";
  ms: number;
  /** Why the cache was not used, where it was asked for. */
  note?: string;
};

/** One loaded graph. Calls are answered one after the other, in the order they were made. */
export type Session = {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly loaded: LoadReport;
  /**
   * Runs the graph once. Feeds must not change until the promise settles; returned arrays are the caller's.
   *
   * @throws `run_input_missing`, `run_input_unknown`, `run_input_mismatch`, `run_output_unknown`, `tensor_length`,
   * `kept_missing`, `run_failed`, `session_closed`, `runtime_closed`, `runtime_crashed`
   */
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

/** Where graphs run. */
export type ProviderName = "cpu" | "cuda" | "webgpu";

/** The provider in use, and why it is this one. */
export type ProviderReport = { name: ProviderName; reason: string };

/** Memory of the process that runs the graphs, in bytes. */
export type MemoryReport = {
  /** Resident pages, weights mapped from a file included. */
  rssBytes: number;
  /** The largest `rssBytes` so far. */
  peakRssBytes: number;
  /** Resident pages that no other process maps at this moment. */
  privateBytes: number;
  /** Pages backed by no file: what this process alone costs, and what the system cannot take back. */
  anonymousBytes: number;
  /** Tensors kept between runs. */
  keptBytes: number;
};

/** Owns sessions and kept tensors; one per inference process. */
export type Runtime = {
  readonly provider: ProviderReport;
  /** @throws `session_open_failed`, `runtime_closed`, `runtime_crashed` */
  open(source: SessionSource): Promise<Session>;
  /** Copies a kept tensor out. @throws `kept_missing` */
  read(kept: string): Promise<HostTensor>;
  /** Copies a tensor in, replacing one of that name. @throws `tensor_length` */
  write(kept: string, tensor: HostTensor): Promise<void>;
  /** Forgets kept tensors; names that are not there are no error. */
  drop(kept: readonly string[]): Promise<void>;
  memory(): Promise<MemoryReport>;
  /** Lets the calls made so far finish, then frees everything. */
  close(): Promise<void>;
};
