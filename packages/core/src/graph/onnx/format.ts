import type { DType } from "../tensor.ts";

/** onnx.TensorProto.DataType, the part this package writes. */
export const ONNX_DTYPE: Readonly<Record<DType, number>> = { float32: 1, int64: 7, bool: 9, float16: 10 };

/** onnx.AttributeProto.AttributeType. */
export const ATTRIBUTE = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7 } as const;

/** onnx.TensorProto.DataLocation.EXTERNAL. */
export const EXTERNAL = 1;

/** IR version 10 is what ONNX 1.17 wrote with opset 21-22; ONNX Runtime 1.30 reads it. */
export const IR_VERSION = 10;

/** The standard operator set that lowering targets. */
export const OPSET = 21;

/** Operators of ONNX Runtime's own domain. */
export const ORT_DOMAIN = "com.microsoft";
