import { elementCount } from "../dtype.ts";
import type { PickleDomain, PickleValue } from "../pickle/value.ts";
import { findGlobal } from "./globals.ts";
import { describe, malformed, type TorchFunction, type TorchStorage, type TorchTensor, type TorchValue } from "./value.ts";

type Value = PickleValue<TorchValue>;

/** A tensor may repeat elements of its storage (stride 0) up to this many: beyond it a small file would fill the memory. */
const maxRepeatedElements = 1 << 24;

/** The meaning of a checkpoint's pickle: descriptions of tensors, no data. */
export const torchDomain: PickleDomain<TorchValue> = {
  find: findGlobal,
  load: loadStorage,
  call: (callee, args) => {
    switch (callee.kind) {
      case "function": return callFunction(callee.name, args);
      case "inert": return { kind: "domain", value: callee };
      case "storageType": case "storage": case "tensor": throw malformed(`a ${callee.kind} is called`);
    }
  },
};

function callFunction(name: TorchFunction, args: readonly Value[]): Value {
  switch (name) {
    case "_rebuild_tensor_v2": return { kind: "domain", value: rebuildTensor(args) };
    case "_rebuild_parameter": return { kind: "domain", value: domainOf(args[0], "tensor") };
    case "OrderedDict": return { kind: "dict", entries: itemsOf(args[0]).map(pairOf) };
  }
}

/** A persistent id: `("storage", storage type, key, device, number of elements)`. */
function loadStorage(id: Value): TorchStorage {
  const [tag, type, key, , elements] = id.kind === "tuple" ? id.items : [];
  if (tag?.kind !== "text" || tag.value !== "storage" || key?.kind !== "text") throw malformed(`a persistent id is ${describe(tag)}, not a storage`);
  return { kind: "storage", key: key.value, dtype: domainOf(type, "storageType").dtype, elements: naturalOf(elements) };
}

/** The arguments of `_rebuild_tensor_v2`: storage, offset, size, stride, then requires_grad and hooks, which do not matter here. */
function rebuildTensor([storageValue, offsetValue, size, stride]: readonly Value[]): TorchTensor {
  const storage = domainOf(storageValue, "storage");
  const offset = naturalOf(offsetValue);
  const dims = itemsOf(size).map(naturalOf);
  const strides = itemsOf(stride).map(naturalOf);
  const count = elementCount(dims);
  if (dims.length !== strides.length || count === undefined) throw malformed(`a tensor of size [${dims.join(", ")}] has strides [${strides.join(", ")}]`);
  const last = count === 0 ? 0 : dims.reduce((index, dim, axis) => index + (dim - 1) * (strides[axis] ?? 0), offset);
  if (count > 0 && last >= storage.elements) throw malformed(`a tensor of size [${dims.join(", ")}] reaches element ${last} of storage ${storage.key}, which has ${storage.elements}`);
  if (count > storage.elements && count > maxRepeatedElements) throw malformed(`a tensor of size [${dims.join(", ")}] repeats the ${storage.elements} elements of storage ${storage.key}`);
  return { kind: "tensor", storage, offset, dims, strides };
}

function domainOf<K extends TorchValue["kind"]>(value: Value | undefined, kind: K): Extract<TorchValue, { kind: K }> {
  if (value?.kind !== "domain" || !isKind(value.value, kind)) throw malformed(`expected a ${kind}, found ${describe(value)}`);
  return value.value;
}

const isKind = <K extends TorchValue["kind"]>(value: TorchValue, kind: K): value is Extract<TorchValue, { kind: K }> => value.kind === kind;

function naturalOf(value: Value | undefined): number {
  if (value?.kind !== "int" || typeof value.value !== "number" || value.value < 0) throw malformed(`expected a whole number >= 0, found ${describe(value)}`);
  return value.value;
}

function itemsOf(value: Value | undefined): readonly Value[] {
  if (value === undefined) return [];
  if (value.kind !== "tuple" && value.kind !== "list") throw malformed(`expected a tuple, found ${describe(value)}`);
  return value.items;
}

function pairOf(value: Value): [Value, Value] {
  const [key, item] = itemsOf(value);
  if (key === undefined || item === undefined) throw malformed("an OrderedDict holds something other than pairs");
  return [key, item];
}
