/** Pickles put together by hand, operation by operation (protocol 2). Every function gives the bytes that push one value. */
export type Ops = readonly number[];

const ascii = (text: string): Ops => [...new TextEncoder().encode(text)];
const u32 = (value: number): Ops => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255];

/** A whole pickle that yields the one value. */
export const pickle = (...ops: readonly Ops[]): Uint8Array<ArrayBuffer> => Uint8Array.from([0x80, 2, ...ops.flat(), 0x2e]);

export const text = (value: string): Ops => [0x58, ...u32(ascii(value).length), ...ascii(value)];
export const int = (value: number): Ops => [0x4a, ...u32(value)];
export const none: Ops = [0x4e];
export const no: Ops = [0x89];
export const global = (module: string, name: string): Ops => [0x63, ...ascii(`${module}\n${name}\n`)];
export const tuple = (...items: readonly Ops[]): Ops => [0x28, ...items.flat(), 0x74];
export const dict = (...entries: readonly (readonly [Ops, Ops])[]): Ops => [0x7d, 0x28, ...entries.flat(2), 0x75];
export const call = (callee: Ops, ...args: readonly Ops[]): Ops => [...callee, ...tuple(...args), 0x52];
export const persistent = (id: Ops): Ops => [...id, 0x51];

export const storage = (key: string, elements: number, type = "FloatStorage"): Ops =>
  persistent(tuple(text("storage"), global("torch", type), text(key), text("cpu"), int(elements)));

export const tensor = (from: Ops, offset: number, dims: readonly number[], strides: readonly number[]): Ops =>
  call(global("torch._utils", "_rebuild_tensor_v2"), from, int(offset), tuple(...dims.map(int)), tuple(...strides.map(int)), no, dict());
