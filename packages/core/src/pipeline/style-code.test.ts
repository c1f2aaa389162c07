import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeOf } from "../../test/io/code.ts";
import { hostImage } from "../image/host-image.ts";
import { openModel } from "../node/open-model.ts";
import { writeRandomBundle } from "../node/random-bundle.ts";
import { inlineRuntime } from "../runtime/inline.ts";
import type { InlineRuntime } from "../runtime/inline.ts";
import { float32ToHalf, halfToFloat32 } from "../weights/half.ts";
import { encodeSafetensors, tensorToWrite } from "../weights/safetensors-write.ts";
import type { Model } from "./model.ts";
import { blendStyleCodes, decodeStyleCode, encodeStyleCode, interpolateStyleCodes, makeStyleCode, styleCodeFromBase64, styleCodeToBase64 } from "./style-code.ts";
import type { StyleCode } from "./style-code.ts";

const code = (values: readonly number[], encoder = "a".repeat(64)): StyleCode => {
  const exact = halfToFloat32(float32ToHalf(Float32Array.from(values)));
  return { kind: "style-code", encoder, queries: 2, width: values.length / 2, tokens: { style: exact, content: exact.map((x) => -x) } };
};

test("a code comes back from its file and from its text as it was", async () => {
  const made = code([0.1, -2, 3e-5, 65504]);
  expect(await decodeStyleCode(await encodeStyleCode(made))).toEqual(made);
  expect(await styleCodeFromBase64(await styleCodeToBase64(made))).toEqual(made);
  const { content, ...style } = made.tokens;
  expect(content).toBeDefined();
  expect(await decodeStyleCode(await encodeStyleCode({ ...made, tokens: style }))).toEqual({ ...made, tokens: style });
});

test("at SD 1.5's size a branch takes 24 kB and a page of header", async () => {
  const tokens = { style: new Float32Array(16 * 768).fill(0.5) };
  expect((await encodeStyleCode({ kind: "style-code", encoder: "0".repeat(64), queries: 16, width: 768, tokens })).length).toBe(4096 + 24576);
});

test("whatever is no whole code is style_code_invalid", async () => {
  const whole = await encodeStyleCode(code([1, 2, 3, 4]));
  const foreign = async (metadata: Record<string, string>, data = Float32Array.of(1, 2)): Promise<Uint8Array> => {
    const parts: Uint8Array[] = [];
    for await (const part of encodeSafetensors([tensorToWrite("style", { dtype: "float32", dims: [1, data.length], data })], metadata)) parts.push(part);
    return Buffer.concat(parts);
  };
  const damaged = [
    new Uint8Array(0), whole.subarray(0, 5), whole.subarray(0, 4000), whole.subarray(0, -1), new TextEncoder().encode("not a code at all"), new Uint8Array(5 << 20),
    await foreign({}), await foreign({ format: "deadiff-style", format_version: "2", encoder: "a".repeat(64) }),
    await foreign({ format: "deadiff-style", format_version: "1", encoder: "a".repeat(64) }),
    await foreign({ format: "deadiff-style", format_version: "1", encoder: "b" }),
  ];
  for (const bytes of damaged) expect(await codeOf(() => decodeStyleCode(bytes))).toBe("style_code_invalid");
  expect(await codeOf(() => styleCodeFromBase64("%%%"))).toBe("style_code_invalid");
  // Any single byte changed is either refused or still a code: never another error.
  for (let i = 0; i < whole.length; i += 7) {
    const changed = whole.slice();
    changed[i] = (changed[i] ?? 0) ^ 0xff;
    expect(["style_code_invalid", "none"]).toContain(await codeOf(() => decodeStyleCode(changed)));
  }
});

test("a blend is the weighted mean, whole at its ends, and only of codes of one encoder", async () => {
  const [a, b] = [code([1, 2, 3, 4]), code([3, 0, 3, 8])];
  expect([...blendStyleCodes([a, b], [1, 3]).tokens.style!]).toEqual([2.5, 0.5, 3, 7]);
  expect(interpolateStyleCodes(a, b, 0)).toEqual(a);
  expect(interpolateStyleCodes(a, b, 1)).toEqual(b);
  expect([...interpolateStyleCodes(a, b, 0.5).tokens.content!]).toEqual([-2, -1, -3, -6]);
  expect(blendStyleCodes([a, a], [0.3, 0.4])).toEqual(a);
  expect(await codeOf(() => blendStyleCodes([a, code([1, 2, 3, 4], "b".repeat(64))], [1, 1]))).toBe("style_code_version");
  for (const weights of [[1], [0, 0], [1, -1], [1, NaN]]) expect(await codeOf(() => blendStyleCodes([a, b], weights))).toBe("style_code_weights");
  expect(await codeOf(() => interpolateStyleCodes(a, b, 1.5))).toBe("style_code_weights");
});

let folder: string;
let runtime: InlineRuntime;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "deadiff-code-"));
  runtime = await inlineRuntime({ threads: 1 });
});
afterAll(async () => {
  await runtime.close();
  await rm(folder, { recursive: true });
});

test("a code names its encoder by its weights: another seed's is another, a copy's is the same", async () => {
  const open = async (name: string, seed: number): Promise<Model> => {
    await writeRandomBundle(join(folder, name), { seed });
    return openModel(join(folder, name), runtime);
  };
  const [model, copy, other] = [await open("a", 1), await open("b", 1), await open("c", 2)];
  const image = hostImage(4, 4, new Uint8Array(48).fill(90));
  const made = await makeStyleCode(model, image);
  expect(made.encoder).toBe(await copy.encoderHash());
  expect(made.encoder).not.toBe(await other.encoderHash());
  expect(await decodeStyleCode(await encodeStyleCode(made))).toEqual(made);
});
