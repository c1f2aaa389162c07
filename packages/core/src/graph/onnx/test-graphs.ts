/** For this folder's tests: what a serialized graph consists of. */
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "./onnx_pb.ts";
import type { GraphProto } from "./onnx_pb.ts";

/** The graph inside a serialized model. */
export function graphOf(onnx: Uint8Array): GraphProto {
  const { graph } = fromBinary(ModelProtoSchema, onnx);
  if (graph === undefined) throw new TypeError("the model holds no graph");
  return graph;
}

/** The operators of a serialized model, in order. */
export const operators = (onnx: Uint8Array): string[] => graphOf(onnx).node.map((node) => node.opType);
