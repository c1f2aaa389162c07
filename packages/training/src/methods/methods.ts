import type { Dropout, Method, TaskCondition } from "./method.ts";

const NOTHING: Dropout = { image: 0, text: 0, both: 0 };
/** DEADiff's (Qi et al. 2024, arXiv:2403.06951): image tokens alone, where a pair shares only one of style and subject. */
const TOKENS: Dropout = { image: 0.15, text: 0, both: 0 };

/** DEADiff's reconstruction task: both branches, no words, nothing dropped. */
const RECONSTRUCTION: TaskCondition = { branches: ["style", "content"], text: "empty", dropout: NOTHING };

/** DEADiff's three tasks. */
const DEADIFF_TASKS: Method["tasks"] = {
  stre: { branches: ["style"], text: "content", dropout: TOKENS },
  sere: { branches: ["content"], text: "style", dropout: TOKENS },
  reconstruction: RECONSTRUCTION,
};

/**
 * How adapters are trained: a picture beside its own caption, tokens of one kind. Text and image are dropped as IP-Adapter
 * drops them, 5 % each alone and 5 % together, for guidance (Ye et al. 2023, arXiv:2308.06721, section 4.1). The style
 * adapter of T2I-Adapter (Mou et al. 2023, arXiv:2302.08453) names no dropout, but without it the unconditional half of
 * guidance, which has no image here, would be something that it never saw.
 */
const ADAPTER_TASKS: Method["tasks"] = { reconstruction: { branches: ["style"], text: "caption", dropout: { image: 0.05, text: 0.05, both: 0.05 } } };

/** The methods that are compared: one base, data and budget, and these differences alone. */
export const METHODS = {
  deadiff: { name: "deadiff", title: "DEADiff", layerMap: { kind: "preset" }, attention: "joint", tasks: DEADIFF_TASKS },
  reconstruction: { name: "reconstruction", title: "reconstruction, all layers (T2I-Adapter's way)", layerMap: { kind: "uniform", tokens: "style" }, attention: "joint", tasks: ADAPTER_TASKS },
  "ip-adapter": { name: "ip-adapter", title: "added attention, reconstruction (IP-Adapter's way)", layerMap: { kind: "uniform", tokens: "style" }, attention: "added", tasks: ADAPTER_TASKS },
  "no-layer-split": { name: "no-layer-split", title: "DEADiff without the layer split", layerMap: { kind: "uniform", tokens: "both" }, attention: "joint", tasks: DEADIFF_TASKS },
  "reconstruction-tasks": { name: "reconstruction-tasks", title: "DEADiff without the non-reconstruction tasks", layerMap: { kind: "preset" }, attention: "joint", tasks: { reconstruction: RECONSTRUCTION } },
  "content-4-8": { name: "content-4-8", title: "DEADiff, content in SD 1.5's layers 4 to 8", layerMap: { kind: "content", layers: [4, 5, 6, 7, 8] }, attention: "joint", tasks: DEADIFF_TASKS },
} as const satisfies Readonly<Record<string, Method>>;

export type MethodName = keyof typeof METHODS;

/** Whether a word names a method. */
export const isMethodName = (name: string): name is MethodName => Object.hasOwn(METHODS, name);
