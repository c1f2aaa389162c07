/** The process that `bakeGraph` starts: bakes one graph, answers, ends. */
import path from "node:path";
import { InferenceSession } from "onnxruntime-node";
import { GRAPH_FILE, WEIGHTS_FILE, type BakeReply, type BakeRequest } from "./bake.ts";
import { sourceOptions } from "./load.ts";
import { startWatchdog } from "./watchdog.ts";

/** Smaller constants stay in the graph: shapes, scalars and norms are read while loading and gain nothing by a mapping. */
const LEAST_EXTERNAL_BYTES = 1024;

// Whoever asked for the graph is gone: nobody would move it into place.
process.on("disconnect", () => process.exit(0));
startWatchdog();

process.on("message", (request: BakeRequest) => {
  void bake(request).then((reply) => {
    process.send?.(reply, () => process.exit(0));
  });
});

async function bake({ source, folder, options }: BakeRequest): Promise<BakeReply> {
  const base = sourceOptions(options, "cpu", source);
  try {
    const session = await InferenceSession.create(source.onnx, {
      ...base,
      optimizedModelFilePath: path.join(folder, GRAPH_FILE),
      extra: {
        ...base.extra,
        "session.optimized_model_external_initializers_file_name": WEIGHTS_FILE,
        "session.optimized_model_external_initializers_min_size_in_bytes": String(LEAST_EXTERNAL_BYTES),
        "session.save_external_prepacked_constant_initializers": "1",
      },
    });
    await session.release();
    return { ok: true };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}
