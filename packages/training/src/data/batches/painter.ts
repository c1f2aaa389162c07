// A painting thread: gets the number of a batch's first pair, answers with its pictures.
import { parentPort, workerData } from "node:worker_threads";
import { createScratch } from "../pixels/scratch.ts";
import type { PaintJob } from "./batches.ts";
import { paintPairs } from "./paint.ts";

const { view, seed, count, options } = workerData as PaintJob;
const scratch = createScratch(view.pixels.size);

parentPort?.on("message", (from: number) => {
  const pixels = paintPairs(view, seed, from, count, options, scratch);
  parentPort?.postMessage(pixels, [pixels.reference.buffer, pixels.target.buffer]);
});
