import { contentLayers } from "@deadiff/core";
import type { Branch, DeadiffConfig } from "@deadiff/core";
import type { Task } from "../data/pairs.ts";

/** How a sample of one task is conditioned. */
export type TaskCondition = {
  /** Branches whose tokens the U-Net reads; the tokens of the others are zeros. */
  readonly branches: readonly Branch[];
  /** What the U-Net is told of the target: its subject, its style, both as a caption says them, or nothing. */
  readonly text: "content" | "style" | "caption" | "empty";
  /** What is left out of a sample, and how often. */
  readonly dropout: Dropout;
};

/** Probabilities, 0..1, that exclude each other: the image tokens alone are zeros, the text alone is empty, or both at once. */
export type Dropout = { readonly image: number; readonly text: number; readonly both: number };

/** Which tokens each cross-attention layer reads: as the preset says, the same everywhere, or content in the listed layers. */
export type LayerMap =
  | { readonly kind: "preset" }
  | { readonly kind: "uniform"; readonly tokens: Branch | "both" }
  | { readonly kind: "content"; readonly layers: readonly number[] };

/** A way to condition the frozen base on references: what it changes of the network, and what it is trained on. */
export type Method = {
  readonly name: string;
  /** What reports call it. */
  readonly title: string;
  readonly layerMap: LayerMap;
  readonly attention: DeadiffConfig["attention"];
  /** The tasks, drawn with equal probability, and how each is conditioned. */
  readonly tasks: Readonly<Partial<Record<Task, TaskCondition>>>;
};

/** The network of a method over a model: `model` with the method's layer map and attention. @throws RangeError where a listed layer does not exist */
export function methodConfig(model: DeadiffConfig, { layerMap, attention }: Method): DeadiffConfig {
  return { ...model, layerMap: layersOf(model.layerMap, layerMap), attention };
}

function layersOf(preset: DeadiffConfig["layerMap"], map: LayerMap): DeadiffConfig["layerMap"] {
  switch (map.kind) {
    case "preset": return preset;
    case "uniform": return preset.map(() => map.tokens);
    case "content": {
      const outside = map.layers.filter((layer) => layer < 0 || layer >= preset.length);
      if (outside.length > 0) throw new RangeError(`methodConfig: layers ${outside.join(", ")} are none of the model's ${preset.length}`);
      return contentLayers(preset.length, map.layers);
    }
  }
}
