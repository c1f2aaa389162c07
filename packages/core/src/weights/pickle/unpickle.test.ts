import { describe, expect, test } from "vitest";
import { codeOf } from "../../../test/io/code.ts";
import { dict, global, int, pickle, text, tuple, type Ops } from "../../../test/io/pickle.ts";
import { DeadiffError } from "../../errors.ts";
import { unpickle, type PickleLimits } from "./unpickle.ts";
import type { PickleDomain } from "./value.ts";

/** A domain that allows one global and keeps calls as text. */
const domain: PickleDomain<string> = {
  find: (module, name) => {
    if (module !== "known") throw new DeadiffError("refused", `${module}.${name}`);
    return name;
  },
  call: (callee, args) => ({ kind: "domain", value: `${callee}(${String(args.length)})` }),
  load: (id) => `load ${id.kind}`,
};
const read = (bytes: Uint8Array, limits?: PickleLimits) => unpickle(bytes, domain, limits);
const raw = (...codes: number[]): Uint8Array => Uint8Array.from(codes);

describe("plain data of every operation is read as CPython reads it", () => {
  const int1 = { kind: "int", value: 1 };
  test.each<[string, Ops, unknown]>([
    ["None, True, False", [...tuple([0x4e], [0x88], [0x89])], { kind: "tuple", items: [{ kind: "none" }, { kind: "bool", value: true }, { kind: "bool", value: false }] }],
    ["small integers", [0x4b, 200, 0x4d, 0x10, 0x27, 0x86], { kind: "tuple", items: [{ kind: "int", value: 200 }, { kind: "int", value: 10000 }] }],
    ["negative integers", [0x4a, 0xfe, 0xff, 0xff, 0xff], { kind: "int", value: -2 }],
    ["long integers", [0x8a, 5, 0, 0, 0, 0, 2], { kind: "int", value: 2 ** 33 }],
    ["negative long integers", [0x8a, 1, 0xff], { kind: "int", value: -1 }],
    ["the empty long integer", [0x8a, 0], { kind: "int", value: 0 }],
    ["huge integers", [0x8b, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], { kind: "int", value: 2n ** 64n }],
    ["floats", [0x47, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], { kind: "float", value: 1.5 }],
    ["Python 2 text", [0x55, 2, 0x61, 0xe9], { kind: "text", value: "aé" }],
    ["short text and bytes", [0x8c, 2, 0xc3, 0xa9, 0x43, 1, 7, 0x86], { kind: "tuple", items: [{ kind: "text", value: "é" }, { kind: "bytes", value: Uint8Array.of(7) }] }],
    ["lists", [0x5d, ...int(1), 0x61, 0x28, ...int(1), ...int(1), 0x65], { kind: "list", items: [int1, int1, int1] }],
    ["dicts", [0x7d, ...text("k"), ...int(1), 0x73], { kind: "dict", entries: [[{ kind: "text", value: "k" }, int1]] }],
    ["sets", [0x8f, 0x28, ...int(1), 0x90], { kind: "set", items: [int1] }],
    ["the memo", [0x5d, 0x71, 5, ...int(1), 0x61, 0x68, 5, 0x86], { kind: "tuple", items: [{ kind: "list", items: [int1] }, { kind: "list", items: [int1] }] }],
    ["discarded values", [...int(1), 0x28, ...int(2), 0x31, 0x4e, 0x30], int1],
    ["calls and persistent ids", [...global("known", "f"), 0x29, 0x52, ...text("x"), 0x51, 0x86], { kind: "tuple", items: [{ kind: "domain", value: "f(0)" }, { kind: "domain", value: "load text" }] }],
    ["objects with state", [...global("known", "C"), 0x29, 0x81, ...dict(), 0x62], { kind: "domain", value: "C(0)" }],
  ])("%s", (_name, ops, value) => {
    expect(read(pickle(ops))).toEqual(value);
  });
});

test("a list that contains itself is read", () => {
  const list = read(pickle([0x5d, 0x71, 0, 0x68, 0, 0x61]));
  expect(list.kind === "list" && list.items[0] === list).toBe(true);
});

test("a global is refused by the domain whichever operation names it, before anything is called", async () => {
  for (const name of [global("os", "system"), [0x28, 0x69, ...new TextEncoder().encode("os\nsystem\n")], [0x8c, 2, 0x6f, 0x73, 0x8c, 1, 0x78, 0x93]]) {
    expect(await codeOf(() => read(pickle(name)))).toBe("refused");
  }
});

describe("malformed pickles are refused", () => {
  test.each<[string, string, Uint8Array]>([
    ["pickle_truncated", "no bytes", raw()],
    ["pickle_truncated", "no end", raw(0x80, 2, 0x4e)],
    ["pickle_truncated", "a number cut short", raw(0x4a, 1)],
    ["pickle_truncated", "text that claims 4 GB", raw(0x58, 0xff, 0xff, 0xff, 0xff)],
    ["pickle_truncated", "text that claims 2^64 bytes", raw(0x8d, 255, 255, 255, 255, 255, 255, 255, 255)],
    ["pickle_truncated", "a global without a line's end", raw(0x63, 0x6f, 0x73)],
    ["pickle_malformed", "nothing to return", raw(0x2e)],
    ["pickle_malformed", "a mark that is missing", raw(0x74, 0x2e)],
    ["pickle_malformed", "a value from below a mark", pickle([...int(1), 0x28, 0x85])],
    ["pickle_malformed", "a memo that was never set", pickle([0x68, 9])],
    ["pickle_malformed", "text that is not UTF-8", raw(0x8c, 1, 0xff, 0x2e)],
    ["pickle_malformed", "a key without a value", pickle([0x7d, 0x28, ...int(1), 0x75])],
    ["pickle_malformed", "items for a number", pickle([...int(1), ...int(1), 0x61])],
    ["pickle_malformed", "keys for a list", pickle([0x5d, ...int(1), ...int(1), 0x73])],
    ["pickle_malformed", "a call of a number", pickle([...int(1), 0x29, 0x52])],
    ["pickle_malformed", "a call without a tuple", pickle([...global("known", "f"), 0x5d, 0x52])],
    ["pickle_malformed", "a global named by a number", pickle([...int(1), ...int(1), 0x93])],
    ["pickle_malformed", "an integer of 255 bytes", raw(0x8a, 255, ...new Array<number>(255).fill(1), 0x2e)],
    ["pickle_unsupported", "an operation of protocol 0", raw(0x49, 0x31, 0x0a, 0x2e)],
    ["pickle_unsupported", "an extension code", raw(0x82, 1, 0x2e)],
    ["pickle_unsupported", "a byte that is no operation", raw(0xff)],
  ])("%s: %s", async (code, _fault, bytes) => {
    expect(await codeOf(() => read(bytes))).toBe(code);
  });
});

test("limits bound bytes and operations, whatever the pickle nests", async () => {
  const limits = { bytes: 100_000, operations: 50_000 };
  expect(await codeOf(() => read(new Uint8Array(100_001), limits))).toBe("pickle_too_large");
  expect(await codeOf(() => read(new Uint8Array(60_000).fill(0x28), limits))).toBe("pickle_too_large");
  const nested = [0x29, ...new Array<number>(40_000).fill(0x85)]; // tuples, 40,000 deep
  expect(read(pickle(nested), limits).kind).toBe("tuple");
});
