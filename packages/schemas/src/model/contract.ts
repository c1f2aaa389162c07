import { z } from "zod";
import { SAMPLERS, SPACINGS } from "../job/contract.ts";
import { referenceMode } from "../style/contract.ts";

const sampling = z.object({ sampler: z.enum(SAMPLERS), spacing: z.enum(SPACINGS), steps: z.int(), guidance: z.number(), prompt_guidance: z.number().default(0) });

/** What a model can do and knows, as the worker that loaded it says. */
export const modelAboutSchema = z.object({
  name: z.string(),
  version: z.string(),
  encoder: z.string().meta({ description: "SHA-256 of the reference encoder's weights: style codes are good for one encoder." }),
  parameters: z.int().meta({ description: "How many numbers its weights hold." }),
  licence: z.string(),
  modes: z.array(referenceMode).meta({ description: "What a reference can be used for." }),
  sizes: z.object({ default: z.int(), min: z.int(), max: z.int(), multiple_of: z.int() }).meta({ description: "Sides of its pictures in pixels." }),
  encoder_side: z.int().meta({ description: "Side in pixels of the square that a reference is fitted to." }),
  layers: z.array(z.enum(["style", "content", "both"])).meta({ description: "Which tokens each attention layer reads, in running order: `gains` has one number each." }),
  samplers: z.array(z.enum(SAMPLERS)),
  spacings: z.array(z.enum(SPACINGS)),
  defaults: sampling.meta({ description: "What is used where a request does not say." }),
  presets: z.array(z.object({ name: z.enum(["fast", "balanced", "faithful"]), title: z.string(), description: z.string(), settings: sampling })),
  gain_presets: z.array(z.object({ name: z.string(), title: z.string(), description: z.string(), gains: z.array(z.number()) })),
  vocabulary: z
    .object({ words: z.array(z.string()), subjects: z.array(z.string()), context_length: z.int() })
    .nullable()
    .meta({ description: "The words it was shown, all others mean nothing to it; null for a model that takes any text." }),
});

/** See {@link modelAboutSchema}. */
export type ModelAbout = z.infer<typeof modelAboutSchema>;

/** A model that workers serve. */
export const modelSchema = modelAboutSchema
  .extend({
    object: z.literal("model"),
    available: z.boolean().meta({ description: "Whether a worker said within the last minutes that it serves it." }),
    seen_at: z.iso.datetime({ offset: true }),
  })
  .meta({ id: "Model" });

/** See {@link modelSchema}. */
export type ModelInfo = z.infer<typeof modelSchema>;
