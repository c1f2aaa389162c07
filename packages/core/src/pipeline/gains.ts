import { DeadiffError } from "../errors.ts";

/**
 * Gains per cross-attention layer by name, for U-Nets with Stable Diffusion 1.5's sixteen layers (down 0-5, middle 6,
 * up 7-15): the layers listed have gain 1, the others 0. A gain of 0 silences a layer's image tokens and still leaves
 * their keys in the softmax; `image: "off"` leaves the keys out.
 */
const SIXTEEN_LAYERS = {
  /** Image tokens only in the layers at full latent resolution: colour and stroke, little shape. */
  fine: [0, 1, 13, 14, 15],
  /** The first upward level, which InstantStyle feeds with style alone. */
  instant_style: [7, 8, 9],
  /** All but the last downward level. */
  strong: [0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
} as const satisfies Record<string, readonly number[]>;

/** Names of gain settings; `default` is 1 in every layer and fits every model. */
export const GAIN_PRESETS = ["default", "fine", "instant_style", "strong"] as const;

export type GainPreset = (typeof GAIN_PRESETS)[number];

/**
 * The gain of each layer.
 *
 * @param gains a name, or one number per layer
 * @throws DeadiffError `gains_length` for another number of layers, `gains_preset` for a name made for sixteen layers
 */
export function layerGains(gains: GainPreset | readonly number[], layers: number): number[] {
  if (typeof gains !== "string") {
    if (gains.length !== layers) throw new DeadiffError("gains_length", `this model has ${layers} cross-attention layers, ${gains.length} gains were given`);
    return [...gains];
  }
  if (gains === "default") return Array.from({ length: layers }, () => 1);
  if (layers !== 16) throw new DeadiffError("gains_preset", `the gains "${gains}" are for 16 cross-attention layers, this model has ${layers}: give one number per layer`);
  const on: readonly number[] = SIXTEEN_LAYERS[gains];
  return Array.from({ length: layers }, (_, i) => (on.includes(i) ? 1 : 0));
}
