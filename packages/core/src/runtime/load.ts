import { InferenceSession } from "onnxruntime-node";
import { DeadiffError } from "../errors.ts";
import type { LoadReport, ProviderName, SessionSource } from "../session.ts";
import { graphCache, type GraphCache } from "./cache.ts";
import { sessionOptions, type RuntimeOptions } from "./options.ts";

export type Loaded = { session: InferenceSession; report: LoadReport };

/** Opens sources, through the cache of optimised graphs where one is configured and can serve. */
export function loader(options: RuntimeOptions, provider: ProviderName): (source: SessionSource) => Promise<Loaded> {
  const cache = cacheFor(options, provider);
  return async (source) => {
    const started = performance.now();
    const finish = (session: InferenceSession, report: Omit<LoadReport, "ms">): Loaded => ({ session, report: { ...report, ms: performance.now() - started } });

    if (typeof cache === "string") return finish(await fromSource(options, provider, source), { from: "source", note: cache });
    if (cache === undefined) return finish(await fromSource(options, provider, source), { from: "source" });
    if (source.weightsFolder !== undefined && source.weightsHash === undefined) {
      return finish(await fromSource(options, provider, source), { from: "source", note: "the source names no weightsHash to key the cache with" });
    }
    const cached = await fromCache(options, provider, cache, source);
    if ("session" in cached) return finish(cached.session, { from: cached.from });
    // A cache that cannot serve (a full disk, a folder that is not writable) must not keep a model from running.
    return finish(await fromSource(options, provider, source), { from: "source", note: cached.note });
  };
}

/** A cache, or why there is none though one was asked for. */
function cacheFor(options: RuntimeOptions, provider: ProviderName): GraphCache | string | undefined {
  if (options.cacheFolder === undefined) return undefined;
  if (provider !== "cpu") return `optimised graphs are cached for the cpu, not for ${provider}`;
  return graphCache(options.cacheFolder, options);
}

async function fromCache(
  options: RuntimeOptions,
  provider: ProviderName,
  cache: GraphCache,
  source: SessionSource,
): Promise<{ session: InferenceSession; from: "cache" | "baked" } | { note: string }> {
  let note = "";
  // A second try, because a first that fails to load removes the entry, and because another process may have evicted it.
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const { file, from } = await cache.graph(source);
      try {
        // By path, and not optimised again: ONNX Runtime then maps the weights from the file instead of copying them.
        const session = await InferenceSession.create(file, { ...sessionOptions(options, provider), graphOptimizationLevel: "disabled" });
        return { session, from };
      } catch (error) {
        note = message(error);
        await cache.discard(source);
      }
    } catch (error) {
      return { note: message(error) };
    }
  }
  return { note };
}

async function fromSource(options: RuntimeOptions, provider: ProviderName, source: SessionSource): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(source.onnx, sourceOptions(options, provider, source));
  } catch (cause) {
    throw new DeadiffError("session_open_failed", `${source.name}: ${message(cause)}`, { cause });
  }
}

/** Options for a model given as bytes, whose external weights lie in a folder. */
export function sourceOptions(options: RuntimeOptions, provider: ProviderName, source: SessionSource): InferenceSession.SessionOptions {
  const base = sessionOptions(options, provider);
  if (source.weightsFolder === undefined) return base;
  return { ...base, extra: { ...base.extra, "session.model_external_initializers_file_folder_path": source.weightsFolder } };
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
