/** What a picture made here says about itself, as far as the studio restores it. The file is not trusted: every value is checked. */
export interface Parameters {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly strength: number;
  readonly seed: number;
  readonly sampler: string;
  readonly spacing: string;
  readonly steps: number;
  readonly guidance: number;
  readonly promptGuidance: number;
  readonly gains: readonly number[];
  readonly model: string;
  readonly references: readonly { readonly sha256: string; readonly weight: number; readonly mode: string; readonly fit: string }[];
}

type Json = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown, most = 20_000): string | undefined => (typeof value === "string" && value.length <= most ? value : undefined);
const number = (value: unknown, min: number, max: number): number | undefined => (typeof value === "number" && value >= min && value <= max ? value : undefined);

const gainsOf = (value: unknown): number[] | undefined => {
  if (!Array.isArray(value) || value.length > 256) return undefined;
  const gains = value.map((gain) => number(gain, 0, 4));
  return gains.every((gain) => gain !== undefined) ? gains : undefined;
};

const referenceOf = (value: unknown): Parameters["references"][number][] => {
  if (!isRecord(value)) return [];
  const sha256 = text(value["sha256"], 64);
  const weight = number(value["weight"], 0, 4);
  return sha256 === undefined || weight === undefined ? [] : [{ sha256, weight, mode: text(value["mode"], 20) ?? "style", fit: text(value["fit"], 20) ?? "stretch" }];
};

/** Reads parameters out of JSON text; `undefined` where it holds none that can be used. */
export const parseParameters = (json: string): Parameters | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value["format"] !== "deadiff-parameters") return undefined;
  const prompt = text(value["prompt"]);
  const steps = number(value["steps"], 1, 1000);
  const guidance = number(value["guidance"], 1, 30);
  const sampler = text(value["sampler"], 40);
  const seed = number(Number(value["seed"]), 0, 0xffffffff);
  const gains = gainsOf(value["gains"]);
  if (prompt === undefined || steps === undefined || guidance === undefined || sampler === undefined || seed === undefined || gains === undefined) return undefined;
  const model = isRecord(value["model"]) ? `${text(value["model"]["name"], 80) ?? "?"}@${text(value["model"]["version"], 80) ?? "?"}` : "unknown";
  return {
    prompt, steps, guidance, sampler, seed, gains, model,
    negativePrompt: text(value["negativePrompt"]) ?? "",
    strength: number(value["strength"], 0, 4) ?? 1,
    promptGuidance: number(value["promptGuidance"], 0, 30) ?? 0,
    spacing: text(value["spacing"], 20) ?? "normal",
    references: Array.isArray(value["references"]) ? value["references"].slice(0, 16).flatMap(referenceOf) : [],
  };
};
