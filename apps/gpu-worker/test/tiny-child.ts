// An inference process whose "model" averages the references' colour: small, real, deterministic. It obeys the same port as the
// real one and takes as many steps as asked.
import { setTimeout as sleep } from "node:timers/promises";
import { JobError } from "@deadiff/schemas";
import sharp from "sharp";
import { serve } from "../src/inference/serve.ts";

const PREVIEW = sharp({ create: { width: 8, height: 8, channels: 3, background: "gray" } }).png().toBuffer();

await serve(() =>
  Promise.resolve({
    model: "average@1",
    generate: async (request, { signal, onProgress }) => {
      const started = performance.now();
      if (request.prompt === "segfault") process.kill(process.pid, "SIGSEGV");
      if (request.prompt === "deaf") for (;;) await sleep(1000);
      if (request.prompt === "oom") throw new JobError("gpu_oom");
      if (request.prompt === "bug") throw new TypeError("x is not a function");
      const steps = request.steps ?? 2;
      for (let step = 0; step < steps; step++) {
        signal.throwIfAborted();
        onProgress({ phase: "generating", step, steps, preview: await PREVIEW });
        await sleep(20);
      }
      const [first] = request.references;
      const { channels } = await sharp(first?.png).stats();
      const [r = 0, g = 0, b = 0] = channels.map(({ mean }) => Math.round(mean));
      const make = (i: number) =>
        sharp({ create: { width: request.width ?? 16, height: request.height ?? 16, channels: 3, background: { r, g, b: (b + i) % 256 } } }).png().toBuffer();
      const images = await Promise.all(Array.from({ length: request.count }, (_, i) => make(i)));
      return { images, seed: request.seed, parameters: { steps }, timings: { total_ms: performance.now() - started }, model: "average@1" };
    },
  }),
);
