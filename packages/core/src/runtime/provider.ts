import { create, toBinary } from "@bufbuild/protobuf";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { InferenceSession } from "onnxruntime-node";
import { DeadiffError } from "../errors.ts";
import { IR_VERSION, ONNX_DTYPE, OPSET } from "../graph/onnx/format.ts";
import { ModelProtoSchema } from "../graph/onnx/onnx_pb.ts";
import type { ProviderName, ProviderReport } from "../session.ts";

/**
 * Finds out which provider works here, by opening a one-node graph on it: ONNX Runtime does not fall back by itself
 * when a provider's libraries are missing, it throws.
 *
 * @throws `provider_unavailable` when a provider was asked for by name and does not work
 */
export async function chooseProvider(wanted: ProviderName | "auto"): Promise<ProviderReport> {
  switch (wanted) {
    case "cpu":
      return { name: "cpu", reason: "asked for" };
    case "cuda":
    case "webgpu": {
      const obstacle = await probe(wanted);
      if (obstacle === undefined) return { name: wanted, reason: "asked for" };
      throw new DeadiffError("provider_unavailable", `${wanted} does not work here: ${obstacle}. Ask for "auto" or "cpu", or install what is missing.`);
    }
    case "auto": {
      const obstacle = await probe("cuda");
      if (obstacle === undefined) return { name: "cuda", reason: "found a CUDA device" };
      return { name: "cpu", reason: `no CUDA: ${obstacle}` };
    }
  }
}

/** What keeps a provider from working, or undefined. */
async function probe(name: "cuda" | "webgpu"): Promise<string | undefined> {
  if (name === "cuda" && !cudaLibraryInstalled()) return "libonnxruntime_providers_cuda.so is not installed";
  try {
    const session = await InferenceSession.create(identityModel(), { executionProviders: [name], logSeverityLevel: 4 });
    await session.release();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Looks for the file that the probe would miss: ONNX Runtime writes an alarming line to stderr for it. */
function cudaLibraryInstalled(): boolean {
  const entry = createRequire(import.meta.url).resolve("onnxruntime-node");
  const folder = path.join(path.dirname(entry), "..", "bin", "napi-v6", process.platform, process.arch);
  return ["libonnxruntime_providers_cuda.so", "onnxruntime_providers_cuda.dll"].some((file) => existsSync(path.join(folder, file)));
}

/** y = Identity(x), one float. */
function identityModel(): Uint8Array {
  const port = (name: string) => ({
    name,
    type: { value: { case: "tensorType" as const, value: { elemType: ONNX_DTYPE.float32, shape: { dim: [{ value: { case: "dimValue" as const, value: 1n } }] } } } },
  });
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: BigInt(IR_VERSION),
      opsetImport: [{ version: BigInt(OPSET) }],
      graph: { name: "probe", input: [port("x")], output: [port("y")], node: [{ opType: "Identity", input: ["x"], output: ["y"] }] },
    }),
  );
}
