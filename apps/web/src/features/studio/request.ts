import type { CreateJobInput } from "@deadiff/schemas/contracts";
import type { Model, Sampling } from "./model";
import type { DeskReference, Settings } from "./state";

/** The sampling that the settings come to. */
export const samplingOf = ({ preset, sampling }: Pick<Settings, "preset" | "sampling">, model: Model): Sampling =>
  preset === "custom" ? (sampling ?? model.defaults) : (model.presets.find(({ name }) => name === preset)?.settings ?? model.defaults);

type Reference = NonNullable<CreateJobInput["input"]["references"]>[number];

const toReference = ({ upload, saved, weight, mode, fit, crop }: DeskReference): Reference[] => {
  const part = crop === null ? {} : { crop };
  if (saved === null) return upload === null ? [] : [{ image: upload, weight, mode, fit, ...part }];
  if ("url" in saved) return [{ ...saved, weight, mode, fit, ...part }];
  return [{ ...("blend" in saved ? { blend: [...saved.blend] } : saved), weight, mode }];
};

/** The job that the desk describes. References that did not arrive are left out: the button waits for them. */
export const toJobInput = (settings: Settings, references: readonly DeskReference[], model: Model): CreateJobInput["input"] => ({
  references: references.flatMap(toReference),
  prompt: settings.prompt.trim(),
  negative_prompt: settings.negativePrompt.trim(),
  count: settings.count,
  strength: settings.strength,
  seed: settings.seed,
  ...samplingOf(settings, model),
  ...(settings.gains === null ? {} : { gains: [...settings.gains] }),
});
