import type { Method, TaskCondition } from "./method.ts";

/** DEADiff's reconstruction task: both branches, no words, nothing dropped. */
const RECONSTRUCTION: TaskCondition = { branches: ["style", "content"], text: "empty", tokenDropout: 0 };

/** DEADiff's three tasks. */
const DEADIFF_TASKS: Method["tasks"] = {
  stre: { branches: ["style"], text: "content", tokenDropout: 0.15 },
  sere: { branches: ["content"], text: "style", tokenDropout: 0.15 },
  reconstruction: RECONSTRUCTION,
};

/** How adapters are trained: a picture beside its own caption, tokens of one kind, a few of them dropped. */
const ADAPTER_TASKS: Method["tasks"] = { reconstruction: { branches: ["style"], text: "caption", tokenDropout: 0.05 } };

/** The methods that are compared: one base, data and budget, and these differences alone. */
export const METHODS = {
  deadiff: { name: "deadiff", layerMap: { kind: "preset" }, attention: "joint", tasks: DEADIFF_TASKS },
  reconstruction: { name: "reconstruction", layerMap: { kind: "uniform", tokens: "style" }, attention: "joint", tasks: ADAPTER_TASKS },
  "ip-adapter": { name: "ip-adapter", layerMap: { kind: "uniform", tokens: "style" }, attention: "added", tasks: ADAPTER_TASKS },
  "no-layer-split": { name: "no-layer-split", layerMap: { kind: "uniform", tokens: "both" }, attention: "joint", tasks: DEADIFF_TASKS },
  "reconstruction-tasks": { name: "reconstruction-tasks", layerMap: { kind: "preset" }, attention: "joint", tasks: { reconstruction: RECONSTRUCTION } },
  "content-4-6": { name: "content-4-6", layerMap: { kind: "content", layers: [4, 5, 6] }, attention: "joint", tasks: DEADIFF_TASKS },
  "content-4-8": { name: "content-4-8", layerMap: { kind: "content", layers: [4, 5, 6, 7, 8] }, attention: "joint", tasks: DEADIFF_TASKS },
} as const satisfies Readonly<Record<string, Method>>;

export type MethodName = keyof typeof METHODS;

/** Whether a word names a method. */
export const isMethodName = (name: string): name is MethodName => Object.hasOwn(METHODS, name);
