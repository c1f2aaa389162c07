// A painting thread: gets the number of a batch's first pair and memory to paint into, answers with its pictures.
import { parentPort, workerData } from "node:worker_threads";
import { createScratch } from "../pixels/scratch.ts";
import type { PaintJob, PaintOrder } from "./batches.ts";
import { pairPixels, paintPairs } from "./paint.ts";

const { view, seed, count, options } = workerData as PaintJob;
const { size } = view.pixels;
const scratch = createScratch(size);

parentPort?.on("message", ({ from, into }: PaintOrder) => {
  const pixels = into ?? pairPixels(count, size, options);
  paintPairs(view, seed, from, options, scratch, pixels);
  parentPort?.postMessage(pixels, [...new Set([pixels.reference.buffer, pixels.target.buffer])]);
});
