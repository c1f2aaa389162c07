import type { ProviderName } from "../session.ts";
import type { ModelFacts } from "./model.ts";
import type { Batching } from "./sample.ts";

/** How a model's rows are best put together on a provider, for pictures of the model's own size. */
export function defaultBatching(_model: ModelFacts, provider: ProviderName): Batching {
  switch (provider) {
    case "cpu": return { images: 1, halves: "apart" };
    case "cuda":
    case "webgpu": return { images: 4, halves: "together" };
  }
}
