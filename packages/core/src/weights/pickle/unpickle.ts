import { DeadiffError } from "../../errors.ts";
import { byteReader, type ByteReader } from "./byte-reader.ts";
import { opcode } from "./opcode.ts";
import type { PickleDomain, PickleValue } from "./value.ts";

/** Bounds of one pickle; a checkpoint of 1,200 tensors takes about 35,000 operations. */
export type PickleLimits = { bytes: number; operations: number };

const defaultLimits: PickleLimits = { bytes: 64 << 20, operations: 5_000_000 };

/** Python's integers may be of any size; those of a checkpoint are sizes and counters. */
const maxLongBytes = 64;

/**
 * Evaluates a pickle as data: a stack machine that builds lists, dicts, numbers and text, and hands every global, call
 * and persistent id to `domain`. It executes nothing and recurses nowhere, so what it costs is bounded by `limits`.
 *
 * Fails with `pickle_too_large`, `pickle_truncated`, `pickle_malformed`, `pickle_unsupported` (an operation that data
 * has no use for), or whatever `domain` throws.
 */
export function unpickle<T>(data: Uint8Array, domain: PickleDomain<T>, limits: PickleLimits = defaultLimits): PickleValue<T> {
  if (data.byteLength > limits.bytes) throw new DeadiffError("pickle_too_large", `the pickle has ${data.byteLength} bytes, the limit is ${limits.bytes}`);
  const reader = byteReader(data);
  const machine: Machine<T> = { stack: [], marks: [], memo: new Map() };
  for (let operations = 0; operations < limits.operations; operations++) {
    const at = reader.position();
    const code = reader.u8();
    if (code === opcode.STOP) return pop(machine, at);
    step(machine, code, at, reader, domain);
  }
  throw new DeadiffError("pickle_too_large", `the pickle takes more than ${limits.operations} operations`);
}

type Machine<T> = { stack: PickleValue<T>[]; marks: number[]; memo: Map<number, PickleValue<T>> };

const malformed = (at: number, what: string): DeadiffError => new DeadiffError("pickle_malformed", `operation at byte ${at} of the pickle: ${what}`);

function pop<T>({ stack, marks }: Machine<T>, at: number): PickleValue<T> {
  const value = stack.length > (marks.at(-1) ?? 0) ? stack.pop() : undefined;
  if (value === undefined) throw malformed(at, "the stack is empty");
  return value;
}

function top<T>(machine: Machine<T>, at: number): PickleValue<T> {
  const value = pop(machine, at);
  machine.stack.push(value);
  return value;
}

function popToMark<T>({ stack, marks }: Machine<T>, at: number): PickleValue<T>[] {
  const mark = marks.pop();
  if (mark === undefined) throw malformed(at, "there is no mark");
  return stack.splice(mark);
}

function popItems<T>(machine: Machine<T>, count: number, at: number): PickleValue<T>[] {
  return Array.from({ length: count }, () => pop(machine, at)).reverse();
}

function popPairs<T>(machine: Machine<T>, at: number): [PickleValue<T>, PickleValue<T>][] {
  return pairs(popToMark(machine, at), at);
}

function pairs<T>(items: readonly PickleValue<T>[], at: number): [PickleValue<T>, PickleValue<T>][] {
  const out: [PickleValue<T>, PickleValue<T>][] = [];
  for (let i = 0; i < items.length; i += 2) {
    const [key, value] = items.slice(i, i + 2);
    if (key === undefined || value === undefined) throw malformed(at, "a key without a value");
    out.push([key, value]);
  }
  return out;
}

/** Adds to the list or set on the stack; what a domain value is given beyond its arguments is dropped, it is inert. */
function append<T>(target: PickleValue<T>, items: readonly PickleValue<T>[], at: number): void {
  if (target.kind === "list" || target.kind === "set") for (const item of items) target.items.push(item);
  else if (target.kind !== "domain") throw malformed(at, `a ${target.kind} takes no items`);
}

function setItems<T>(target: PickleValue<T>, entries: readonly [PickleValue<T>, PickleValue<T>][], at: number): void {
  if (target.kind === "dict") for (const entry of entries) target.entries.push(entry);
  else if (target.kind !== "domain") throw malformed(at, `a ${target.kind} takes no keys`);
}

function text<T>(value: PickleValue<T>, at: number): string {
  if (value.kind !== "text") throw malformed(at, `expected text, found ${value.kind}`);
  return value.value;
}

function call<T>(domain: PickleDomain<T>, callee: PickleValue<T>, args: PickleValue<T>, at: number): PickleValue<T> {
  if (callee.kind !== "domain") throw malformed(at, `a ${callee.kind} cannot be called`);
  if (args.kind !== "tuple") throw malformed(at, `arguments are a ${args.kind}, not a tuple`);
  return domain.call(callee.value, args.items);
}

function long<T>(bytes: Uint8Array, at: number): PickleValue<T> {
  if (bytes.byteLength > maxLongBytes) throw malformed(at, `an integer of ${bytes.byteLength} bytes`);
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  const signed = BigInt.asIntN(8 * bytes.byteLength, value);
  const small = Number(signed);
  return { kind: "int", value: Number.isSafeInteger(small) ? small : signed };
}

/** Python 2's byte text, one character a byte. */
const latin1 = (bytes: Uint8Array): string => new TextDecoder("utf-16le").decode(Uint16Array.from(bytes));

function recall<T>({ memo }: Machine<T>, key: number, at: number): PickleValue<T> {
  const value = memo.get(key);
  if (value === undefined) throw malformed(at, `memo ${key} is empty`);
  return value;
}

/** Carries out one operation: the one place that knows what each does to the stack. */
function step<T>(machine: Machine<T>, code: number, at: number, reader: ByteReader, domain: PickleDomain<T>): void {
  const { stack, marks, memo } = machine;
  const push = (value: PickleValue<T>): void => void stack.push(value);
  switch (code) {
    case opcode.PROTO: reader.u8(); return;
    case opcode.FRAME: reader.u64(); return;

    case opcode.NONE: push({ kind: "none" }); return;
    case opcode.NEWTRUE: push({ kind: "bool", value: true }); return;
    case opcode.NEWFALSE: push({ kind: "bool", value: false }); return;
    case opcode.BININT: push({ kind: "int", value: reader.i32() }); return;
    case opcode.BININT1: push({ kind: "int", value: reader.u8() }); return;
    case opcode.BININT2: push({ kind: "int", value: reader.u16() }); return;
    case opcode.LONG1: push(long(reader.bytes(reader.u8()), at)); return;
    case opcode.LONG4: push(long(reader.bytes(reader.u32()), at)); return;
    case opcode.BINFLOAT: push({ kind: "float", value: reader.f64() }); return;
    case opcode.SHORT_BINUNICODE: push({ kind: "text", value: reader.utf8(reader.u8()) }); return;
    case opcode.BINUNICODE: push({ kind: "text", value: reader.utf8(reader.u32()) }); return;
    case opcode.BINUNICODE8: push({ kind: "text", value: reader.utf8(reader.u64()) }); return;
    case opcode.SHORT_BINSTRING: push({ kind: "text", value: latin1(reader.bytes(reader.u8())) }); return;
    case opcode.BINSTRING: push({ kind: "text", value: latin1(reader.bytes(reader.u32())) }); return;
    case opcode.SHORT_BINBYTES: push({ kind: "bytes", value: reader.bytes(reader.u8()) }); return;
    case opcode.BINBYTES: push({ kind: "bytes", value: reader.bytes(reader.u32()) }); return;
    case opcode.BINBYTES8: push({ kind: "bytes", value: reader.bytes(reader.u64()) }); return;

    case opcode.EMPTY_TUPLE: push({ kind: "tuple", items: [] }); return;
    case opcode.TUPLE1: push({ kind: "tuple", items: popItems(machine, 1, at) }); return;
    case opcode.TUPLE2: push({ kind: "tuple", items: popItems(machine, 2, at) }); return;
    case opcode.TUPLE3: push({ kind: "tuple", items: popItems(machine, 3, at) }); return;
    case opcode.TUPLE: push({ kind: "tuple", items: popToMark(machine, at) }); return;
    case opcode.EMPTY_LIST: push({ kind: "list", items: [] }); return;
    case opcode.LIST: push({ kind: "list", items: popToMark(machine, at) }); return;
    case opcode.EMPTY_SET: push({ kind: "set", items: [] }); return;
    case opcode.FROZENSET: push({ kind: "set", items: popToMark(machine, at) }); return;
    case opcode.EMPTY_DICT: push({ kind: "dict", entries: [] }); return;
    case opcode.DICT: push({ kind: "dict", entries: popPairs(machine, at) }); return;

    case opcode.APPEND: { const item = pop(machine, at); append(top(machine, at), [item], at); return; }
    case opcode.APPENDS: case opcode.ADDITEMS: { const items = popToMark(machine, at); append(top(machine, at), items, at); return; }
    case opcode.SETITEM: { const entry = popItems(machine, 2, at); setItems(top(machine, at), pairs(entry, at), at); return; }
    case opcode.SETITEMS: { const entries = popPairs(machine, at); setItems(top(machine, at), entries, at); return; }

    case opcode.MARK: marks.push(stack.length); return;
    case opcode.POP_MARK: popToMark(machine, at); return;
    case opcode.POP: if (marks.at(-1) === stack.length) marks.pop(); else pop(machine, at); return;
    case opcode.DUP: push(top(machine, at)); return;
    case opcode.BINPUT: memo.set(reader.u8(), top(machine, at)); return;
    case opcode.LONG_BINPUT: memo.set(reader.u32(), top(machine, at)); return;
    case opcode.MEMOIZE: memo.set(memo.size, top(machine, at)); return;
    case opcode.BINGET: push(recall(machine, reader.u8(), at)); return;
    case opcode.LONG_BINGET: push(recall(machine, reader.u32(), at)); return;

    case opcode.GLOBAL: { const module = reader.line(); push({ kind: "domain", value: domain.find(module, reader.line()) }); return; }
    case opcode.STACK_GLOBAL: {
      const name = text(pop(machine, at), at);
      push({ kind: "domain", value: domain.find(text(pop(machine, at), at), name) });
      return;
    }
    case opcode.INST: {
      const module = reader.line();
      const callee = domain.find(module, reader.line());
      push(domain.call(callee, popToMark(machine, at)));
      return;
    }
    case opcode.REDUCE: case opcode.NEWOBJ: { const args = pop(machine, at); push(call(domain, pop(machine, at), args, at)); return; }
    case opcode.NEWOBJ_EX: { pop(machine, at); const args = pop(machine, at); push(call(domain, pop(machine, at), args, at)); return; }
    // Attributes of an object: an ordered dict's (its version) and an inert object's state matter to nobody here.
    case opcode.BUILD: pop(machine, at); top(machine, at); return;
    case opcode.BINPERSID: push({ kind: "domain", value: domain.load(pop(machine, at)) }); return;

    default: throw new DeadiffError("pickle_unsupported", `operation 0x${code.toString(16)} at byte ${at} of the pickle has no place in a checkpoint`);
  }
}
