import type { Conditions } from "./keys.ts";
import type { Model } from "./model.ts";
import { float32Output } from "./outputs.ts";
import type { StylizeRequest } from "./request.ts";
import { textWarnings } from "./warnings.ts";
import type { Warning } from "./warnings.ts";

/** Text tokens of a request's prompt and, where there is guidance away from it, of its negative prompt; and what there is to say about them. */
export async function readTexts(model: Model, request: Pick<StylizeRequest, "prompt" | "negativePrompt" | "guidance" | "promptGuidance">): Promise<Conditions["text"] & { readonly warnings: readonly Warning[] }> {
  const tokenizer = await model.tokenizer();
  const warnings: Warning[] = [];
  const read = async (field: "prompt" | "negativePrompt"): Promise<Float32Array> => {
    const encoded = tokenizer.encode(request[field]);
    warnings.push(...textWarnings(field, encoded));
    const ids = BigInt64Array.from(encoded.ids, BigInt);
    return float32Output(await model.run("text", { ids: { dtype: "int64", dims: [1, ids.length], data: ids } }), "text");
  };
  return { conditional: await read("prompt"), unconditional: request.guidance === 1 && request.promptGuidance === 0 ? null : await read("negativePrompt"), warnings };
}
