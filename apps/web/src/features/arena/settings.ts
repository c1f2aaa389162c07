type Setting = Readonly<Record<string, unknown>>;

const NAMES: Readonly<Record<string, string>> = { model: "model", sampler: "sampler", spacing: "spacing", steps: "steps", guidance: "guidance", prompt_guidance: "prompt guidance", strength: "strength", gains: "gains", negative_prompt: "negative prompt", modes: "references for", weights: "weights" };

const written = (value: unknown): string => {
  if (value === undefined || value === null) return "none";
  if (Array.isArray(value)) {
    const parts = value.map(written);
    return new Set(parts).size === 1 && parts.length > 1 ? `${parts[0] ?? ""} (all)` : parts.join(", ");
  }
  return typeof value === "string" ? value.replaceAll("_", " ") : JSON.stringify(value);
};

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The names of what differs among settings, in reading order. */
export const differing = (settings: readonly Setting[]): readonly string[] => {
  const [first = {}] = settings;
  const keys = [...new Set(settings.flatMap((setting) => Object.keys(setting)))].filter((key) => !settings.every((setting) => same(setting[key], first[key])));
  const order = Object.keys(NAMES);
  const place = (key: string): number => (order.includes(key) ? order.indexOf(key) : order.length);
  return keys.sort((a, b) => place(a) - place(b));
};

const isNothing = (value: unknown): boolean => value === undefined || value === null || (Array.isArray(value) && value.length === 0);

/** One parameter in words; nothing where another one says it. */
const part = (setting: Setting, key: string): string[] => {
  if (isNothing(setting["modes"]) && (key === "modes" || key === "weights")) return key === "modes" ? ["no references"] : [];
  return [`${NAMES[key] ?? key.replaceAll("_", " ")} ${written(setting[key])}`];
};

/** A setting in words, by the parameters in `keys`; by its model where nothing differs. */
export const settingLabel = (setting: Setting, keys: readonly string[]): string =>
  keys.length === 0 ? written(setting["model"]) : keys.flatMap((key) => part(setting, key)).join(" · ");
