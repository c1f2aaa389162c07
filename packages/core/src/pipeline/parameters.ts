import { z } from "zod";
import { SAMPLER_NAMES, SPACINGS } from "../sampling/plan.ts";
import type { ModelFacts } from "./model.ts";
import type { Reference, StylizeRequest } from "./request.ts";

const influence = { weight: z.number(), mode: z.enum(["style", "content", "both"]) };
const cropSchema = z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() });
const sha256 = z.string().regex(/^[0-9a-f]{64}$/u);

/** Everything a picture was made with, as JSON: what a PNG holds and what an answer says. References are named by hash. */
export const parametersSchema = z.object({
  format: z.literal("deadiff-parameters"),
  formatVersion: z.literal(1),
  model: z.object({ name: z.string(), version: z.string() }),
  references: z.array(z.union([
    /**
     * `sha256` is over the decoded pixels, rows of red, green, blue. `crop` says, where it is known, which part of a larger
     * picture they are, in shares of that picture's sides.
     */
    z.object({ kind: z.literal("image"), sha256, width: z.int(), height: z.int(), fit: z.enum(["stretch", "crop", "pad"]), crop: cropSchema.optional(), ...influence }),
    /** `sha256` is over the tokens, style before content, float32. */
    z.object({ kind: z.literal("code"), sha256, encoder: z.string(), ...influence }),
  ])),
  prompt: z.string(),
  negativePrompt: z.string(),
  width: z.int(),
  height: z.int(),
  count: z.int(),
  steps: z.int(),
  sampler: z.enum(SAMPLER_NAMES),
  spacing: z.enum(SPACINGS),
  eta: z.number(),
  guidance: z.number(),
  /** Pictures made before there was such a thing have none. */
  promptGuidance: z.number().default(0),
  guidanceInterval: z.object({ from: z.number(), to: z.number() }).nullable(),
  strength: z.number(),
  gains: z.array(z.number()),
  /** Digits. */
  seed: z.string().regex(/^\d{1,19}$/u),
  image: z.enum(["on", "off"]),
});

/** See {@link parametersSchema}. */
export type Parameters = z.infer<typeof parametersSchema>;

/** The parameters of a job. */
export async function jobParameters({ references, gains, seed, ...rest }: StylizeRequest, model: ModelFacts): Promise<Parameters> {
  return {
    format: "deadiff-parameters", formatVersion: 1,
    model: { name: model.name, version: model.version },
    references: await Promise.all(references.map(describeReference)),
    ...rest, gains: [...gains], seed: seed.toString(),
  };
}

async function describeReference(reference: Reference): Promise<Parameters["references"][number]> {
  const { weight, mode } = reference;
  if ("image" in reference) {
    const { width, height, data } = reference.image;
    return { kind: "image", sha256: await hash([data]), width, height, fit: reference.fit, weight, mode };
  }
  const { encoder, tokens } = reference.code;
  const parts = [tokens.style, tokens.content].flatMap((values) => (values === undefined ? [] : [new Uint8Array(values.buffer, values.byteOffset, values.byteLength)]));
  return { kind: "code", sha256: await hash(parts), encoder, weight, mode };
}

/** Lower-case hexadecimal SHA-256, by the interface that every JavaScript runtime has. */
async function hash(parts: readonly Uint8Array[]): Promise<string> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", all)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
