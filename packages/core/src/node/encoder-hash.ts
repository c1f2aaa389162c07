import { createHash } from "node:crypto";
import { deadiffSpec } from "../models/deadiff.ts";
import type { DeadiffConfig } from "../models/deadiff.ts";
import { listParams } from "../models/params.ts";
import { storedTensor } from "../weights/host-tensor.ts";
import type { Safetensors } from "../weights/safetensors.ts";
import { openSafetensorsFile } from "./safetensors-file.ts";

/** Raised with any change to how a picture becomes the encoder's input: Pillow's bicubic filter, CLIP's mean and deviation. */
const PREPROCESSING = "deadiff-encoder 1: pillow bicubic, clip normalised";

/**
 * Identity of all that turns a reference into tokens: preprocessing, sizes, and every weight of encoders, Q-Formers and
 * projections as stored. Reads those weights once, tensor after tensor. Lower-case hexadecimal SHA-256.
 */
export async function encoderHash(config: DeadiffConfig, weightFiles: readonly string[]): Promise<string> {
  const { vision, qFormer, sharedQFormer, sharedVision } = config;
  const hash = createHash("sha256").update(PREPROCESSING).update(JSON.stringify({ vision, qFormer, sharedQFormer, sharedVision }));
  const files: Safetensors[] = [];
  try {
    for (const path of weightFiles) files.push(await openSafetensorsFile(path));
    for (const { name } of listParams(deadiffSpec(config).image, "image")) {
      const tensor = await files.find((file) => file.tensors.has(name))?.read(name);
      if (tensor === undefined) continue; // The graph that needs it will say what is missing.
      hash.update(`\0${name} ${tensor.dtype} ${tensor.dims.join("x")}\0`).update(storedTensor(tensor).bytes);
    }
  } finally {
    for (const file of files) await file.close();
  }
  return hash.digest("hex");
}
