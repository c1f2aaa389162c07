import type { Branch, DeadiffConfig } from "../models/deadiff.ts";
import type { HostTensor, Kept, ProviderName, RunOptions } from "../session.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { GraphName } from "./graphs.ts";
import type { PreviewMatrix } from "./preview.ts";

/** Side lengths in pixels that a model makes: multiples of `multipleOf` within the bounds. */
export type PictureSizes = { readonly default: number; readonly min: number; readonly max: number; readonly multipleOf: number };

/** What a request is checked against. */
export type ModelFacts = {
  readonly name: string;
  readonly version: string;
  /** The preset that the configuration started from: defaults are kept by it. */
  readonly preset: string;
  readonly config: DeadiffConfig;
  readonly sizes: PictureSizes;
  /** What a reference may be used for. */
  readonly modes: readonly (Branch | "both")[];
};

/** A model as the pipeline sees it: its facts, its words, and its graphs, each opened when it is first run. */
export type Model = ModelFacts & {
  readonly provider: ProviderName;
  /** Latents to small pictures, where the bundle says how. */
  readonly preview: PreviewMatrix | null;
  /** @throws DeadiffError `tokenizer_invalid`, `tokenizer_mismatch` */
  tokenizer: () => Promise<Tokenizer>;
  /** Identity of all that turns a reference into tokens: weights and preprocessing. Style codes carry it. Lower-case hexadecimal SHA-256. */
  encoderHash: () => Promise<string>;
  /** Runs a graph once; the codes are those of `Session.run` and `Runtime.open`. */
  run: (graph: GraphName, feeds: Readonly<Record<string, HostTensor | Kept>>, options?: RunOptions) => Promise<Record<string, HostTensor>>;
  /** Opens graphs ahead of their first run. */
  warm: (graphs: readonly GraphName[]) => Promise<void>;
  /** Forgets kept tensors. */
  drop: (kept: readonly string[]) => Promise<void>;
  /** Closes graphs once their runs have ended, to give their memory back; a later run opens them again. */
  release: (graphs: readonly GraphName[]) => Promise<void>;
  /** Releases every graph. The runtime stays: whoever started it closes it. */
  close: () => Promise<void>;
};
