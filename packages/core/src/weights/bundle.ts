import { z } from "zod";
import { DeadiffError } from "../errors.ts";

/** Name of the file that describes a bundle, in the bundle's folder. */
export const manifestName = "bundle.json";

const segment = "[A-Za-z0-9_][A-Za-z0-9_.-]*";
const safePath = new RegExp(`^${segment}(?:/${segment})*$`, "u");

/** Whether `path` names a file below its folder on every system: relative, `/` between plain segments, none of them hidden. */
export const isBundlePath = (path: string): boolean => path.length <= 255 && safePath.test(path);

const path = z.string().min(1);
const pixels = z.int().positive();
const colour = z.tuple([z.number(), z.number(), z.number()]).readonly();

const fileSchema = z.strictObject({
  path,
  bytes: z.int().nonnegative(),
  /** Lower-case hexadecimal SHA-256. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/u),
});

const tokenizerSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("clip-bpe"), files: z.strictObject({ vocab: path, merges: path }) }),
  z.strictObject({ kind: z.literal("words"), files: z.strictObject({ words: path }) }),
]);

const manifestSchema = <C extends z.ZodType>(config: C) =>
  z.strictObject({
    format: z.literal("deadiff-bundle"),
    formatVersion: z.literal(1),
    /** What the model is called, e.g. "mini". */
    name: z.string().min(1).max(100),
    version: z.string().min(1).max(50),
    /** The preset that `config` started from. */
    preset: z.string().min(1).max(50),
    /** Every size of every network. */
    config,
    /** What a reference may be used for. */
    modes: z.array(z.enum(["style", "content", "both"])).min(1),
    /** Side lengths in pixels that the model makes: multiples of `multipleOf` within the bounds. */
    sizes: z.strictObject({ default: pixels, min: pixels, max: pixels, multipleOf: pixels }),
    tokenizer: tokenizerSchema,
    /** A linear guess of the decoder for previews: pixels on -1..1 = scaled latent channels times `factors` plus `bias`. */
    preview: z.strictObject({ factors: z.array(colour).min(1).max(256).readonly(), bias: colour }).optional(),
    /** The safetensors files, in the order they are read. */
    weights: z.array(path).min(1),
    licence: z.strictObject({ name: z.string().min(1), url: z.url().optional() }),
    /** Where the weights come from. */
    provenance: z.strictObject({
      madeBy: z.string().min(1),
      sources: z.array(z.strictObject({ name: z.string().min(1), sha256: fileSchema.shape.sha256.optional(), url: z.url().optional() })),
      notes: z.string().optional(),
    }),
    files: z.array(fileSchema).min(1),
  });

/** A file of a bundle: its path from the bundle's folder, its length, its SHA-256. */
export type BundleFile = z.infer<typeof fileSchema>;

/** What `bundle.json` says, `Config` being the model's configuration. */
export type BundleManifest<Config> = Omit<z.infer<ReturnType<typeof manifestSchema<z.ZodUnknown>>>, "config"> & { config: Config };

/**
 * Parses and checks the text of a `bundle.json`; `config` is the schema of the model's configuration.
 * Fails with `bundle_not_json`, `bundle_unsupported_format` (another format or version), `bundle_unsafe_path` (a file
 * name that leads out of the folder) or `bundle_invalid`.
 */
export function parseManifest<Config>(json: string, config: z.ZodType<Config>): BundleManifest<Config> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new DeadiffError("bundle_not_json", `${manifestName} is not JSON`, { cause });
  }
  return checkManifest(value, config);
}

/** Checks a manifest that is no text yet, or no longer; see `parseManifest`. */
export function checkManifest<Config>(value: unknown, config: z.ZodType<Config>): BundleManifest<Config> {
  const head = z.object({ format: z.unknown(), formatVersion: z.unknown() }).safeParse(value);
  if (!head.success || head.data.format !== "deadiff-bundle" || head.data.formatVersion !== 1) {
    throw new DeadiffError("bundle_unsupported_format", `${manifestName} has format ${JSON.stringify(head.data?.format)} version ${JSON.stringify(head.data?.formatVersion)}; this program reads "deadiff-bundle" version 1`);
  }
  const parsed = manifestSchema(config).safeParse(value);
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  const manifest = parsed.data as BundleManifest<Config>; // zod cannot infer through a generic schema
  requireFiles(manifest);
  return manifest;
}

const invalid = (what: string): DeadiffError => new DeadiffError("bundle_invalid", `${manifestName}: ${what}`);

/** Checks that names stay below the folder, are unique (where case does not count, too) and that what is used is listed. */
function requireFiles({ files, weights, tokenizer }: BundleManifest<unknown>): void {
  const seen = new Set<string>();
  for (const file of files) {
    if (!isBundlePath(file.path)) throw new DeadiffError("bundle_unsafe_path", `${manifestName} names the file ${JSON.stringify(file.path)}, which is not a plain path below its folder`);
    if (file.path === manifestName || seen.has(file.path.toLowerCase())) throw invalid(`the file ${file.path} is listed twice`);
    seen.add(file.path.toLowerCase());
  }
  const listed = new Set(files.map((file) => file.path));
  for (const used of [...weights, ...Object.values(tokenizer.files)]) if (!listed.has(used)) throw invalid(`the file ${used} is used but not listed`);
}
