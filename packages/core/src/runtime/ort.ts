/** The entry of `@deadiff/core/ort`: ONNX Runtime behind the session contract. */
export { startRuntime, type ChildRuntime, type ChildRuntimeOptions } from "./host.ts";
export { inlineRuntime, type InlineRuntime } from "./inline.ts";
export type { RuntimeOptions } from "./options.ts";
