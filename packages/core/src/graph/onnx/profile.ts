import type { WinogradChoice } from "./winograd.ts";

/**
 * How a graph is written for a provider. One traced network serves all of them: a profile chooses nodes, never maths.
 *
 * - `cpu`: ONNX Runtime's fused CPU kernels (MultiHeadAttention, QuickGelu, Gelu); GroupNorm as InstanceNorm, because
 *   GroupNormalization has no CPU kernel and is inlined into some 30 nodes; large convolutions by Winograd.
 * - `cuda`: half precision, NHWC convolutions and GroupNorm with fused SiLU, MultiHeadAttention.
 * - `webgpu`: as `cuda` without the NHWC nodes, which that provider lays out itself.
 * - `plain`: standard operators only, as a plain export writes them; the benchmark's opponent, and any other runtime.
 */
export type Profile = {
  name: "cpu" | "cuda" | "webgpu" | "plain";
  /** What float32 tensors are computed in. Inputs and outputs stay float32. */
  compute: "float32" | "float16";
  /** ONNX Runtime's own operators (com.microsoft) may be used. */
  contrib: boolean;
  /** Convolutions and group normalisations are written channels-last. */
  nhwc: boolean;
  /** Which convolutions over weights from a file are written as Winograd's; null: none. */
  winograd: WinogradChoice | null;
};

export const PROFILES = {
  cpu: { name: "cpu", compute: "float32", contrib: true, nhwc: false, winograd: { minPositions: 1024, minChannels: 128 } },
  cuda: { name: "cuda", compute: "float16", contrib: true, nhwc: true, winograd: null },
  webgpu: { name: "webgpu", compute: "float16", contrib: true, nhwc: false, winograd: null },
  plain: { name: "plain", compute: "float32", contrib: false, nhwc: false, winograd: null },
} as const satisfies Record<string, Profile>;
