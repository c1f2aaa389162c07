import { availableParallelism } from "node:os";
import type { InferenceSession } from "onnxruntime-node";
import type { ProviderName } from "../session.ts";

/** How graphs are run. */
export type RuntimeOptions = {
  /** Threads that one run uses; default: as many as the machine offers. */
  threads?: number;
  /** `auto` (the default) is CUDA where its libraries and a device are, else the CPU. */
  provider?: ProviderName | "auto";
  /** Folder for optimised graphs; without it each open optimises anew. */
  cacheFolder?: string;
  /** The least recently used graphs above this go; default 16 GiB. The newest always stays. */
  cacheLimitBytes?: number;
  /**
   * Whether numbers below 1.2e-38 count as 0 (default true): they come up in trained weights and slow some kernels by
   * 10 to 100 times. ONNX Runtime sets the mode for the whole process by its first session, JavaScript's own numbers
   * included: below 2.2e-308 they read as 0 too.
   */
  flushDenormals?: boolean;
};

/**
 * The options every session is created with.
 *
 * Values under `extra` must be strings, and ONNX Runtime accepts misspelt keys in silence: tests assert their effects.
 */
export function sessionOptions(options: RuntimeOptions, provider: ProviderName): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider],
    graphOptimizationLevel: "all",
    // The pattern of a first run is laid out in a second block as large as the first: more memory, and no time won.
    enableMemPattern: false,
    executionMode: "sequential",
    intraOpNumThreads: options.threads ?? availableParallelism(),
    interOpNumThreads: 1,
    // Errors are thrown, with the same words: the line on stderr would be a second copy.
    logSeverityLevel: 4,
    extra: {
      // Workers that spin between runs take the processor from the other processes of a small machine, and win no time.
      "session.intra_op.allow_spinning": "0",
      "session.set_denormal_as_zero": (options.flushDenormals ?? true) ? "1" : "0",
    },
  };
}
