import { Tensor } from "onnxruntime-node";
import { DeadiffError } from "../errors.ts";
import type { HostDType, HostTensor } from "../session.ts";

/**
 * Views a host tensor as ONNX Runtime's, without a copy.
 *
 * @throws `tensor_length` when data and dims disagree
 */
export function toOrt(tensor: HostTensor): Tensor {
  const size = tensor.dims.reduce((product, dim) => product * dim, 1);
  if (tensor.data.length !== size) {
    throw new DeadiffError("tensor_length", `a tensor of dims [${tensor.dims.join(", ")}] holds ${size} numbers, got ${tensor.data.length}`);
  }
  switch (tensor.dtype) {
    case "float16": {
      const made = new Tensor("float16", tensor.data, tensor.dims);
      // On a Node with Float16Array the constructor swaps the array for one that the binding believes to be empty
      // (microsoft/onnxruntime#32323): put the words back.
      Object.assign(made, { cpuData: tensor.data });
      return made;
    }
    case "float32":
      return new Tensor("float32", tensor.data, tensor.dims);
    case "float64":
      return new Tensor("float64", tensor.data, tensor.dims);
    case "int64":
      return new Tensor("int64", tensor.data, tensor.dims);
    case "int32":
      return new Tensor("int32", tensor.data, tensor.dims);
    case "uint8":
      return new Tensor("uint8", tensor.data, tensor.dims);
    case "bool":
      return new Tensor("bool", tensor.data, tensor.dims);
  }
}

/**
 * Views one of ONNX Runtime's tensors as a host tensor, without a copy.
 *
 * @throws `tensor_dtype` for element types that no graph of this package has
 */
export function fromOrt(tensor: Tensor): HostTensor {
  const dtype = hostDType(tensor.type);
  const { buffer, byteOffset, byteLength } = viewOf(tensor);
  return hostTensor(dtype, tensor.dims, buffer, byteOffset, byteLength);
}

/** A copy in memory of its own. */
export function copyTensor(tensor: HostTensor): HostTensor {
  return { ...tensor, data: tensor.data.slice() } as HostTensor;
}

/** @throws `tensor_dtype` */
export function hostDType(type: Tensor.Type): HostDType {
  switch (type) {
    case "float32":
    case "float64":
    case "float16":
    case "int64":
    case "int32":
    case "uint8":
    case "bool":
      return type;
    default:
      throw new DeadiffError("tensor_dtype", `tensors of type ${type} do not cross a session's border`);
  }
}

function viewOf(tensor: Tensor): ArrayBufferView {
  const { data } = tensor;
  if (ArrayBuffer.isView(data)) return data;
  throw new DeadiffError("tensor_dtype", `a tensor of type ${tensor.type} has no bytes`);
}

function hostTensor(dtype: HostDType, dims: readonly number[], buffer: ArrayBufferLike, at: number, bytes: number): HostTensor {
  switch (dtype) {
    case "float32":
      return { dtype, dims, data: new Float32Array(buffer, at, bytes / 4) };
    case "float64":
      return { dtype, dims, data: new Float64Array(buffer, at, bytes / 8) };
    case "float16":
      return { dtype, dims, data: new Uint16Array(buffer, at, bytes / 2) };
    case "int64":
      return { dtype, dims, data: new BigInt64Array(buffer, at, bytes / 8) };
    case "int32":
      return { dtype, dims, data: new Int32Array(buffer, at, bytes / 4) };
    case "uint8":
    case "bool":
      return { dtype, dims, data: new Uint8Array(buffer, at, bytes) };
  }
}
