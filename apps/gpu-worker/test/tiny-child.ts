// An inference process whose "model" averages the references' colour: small, real, deterministic. It obeys the same port as the
// real one and takes as many steps as asked.
import { setTimeout as sleep } from "node:timers/promises";
import { JobError } from "@deadiff/schemas";
import { decodeStyleCode, encodeStyleCode } from "@deadiff/core";
import sharp from "sharp";
import type { LoadedMember, LoadedReference } from "../src/generate.ts";
import { serve } from "../src/inference/serve.ts";

const PREVIEW = sharp({ create: { width: 8, height: 8, channels: 3, background: "gray" } }).png().toBuffer();

const ENCODER = "a".repeat(64);
const membersOf = (reference: LoadedReference): readonly LoadedMember[] => ("members" in reference ? reference.members : [reference]);

/** The mean colour of a member; a code's is what it was made of. */
const colourOf = async (member: LoadedMember): Promise<number[]> => {
  if ("code" in member) return [...((await decodeStyleCode(member.code)).tokens.style ?? [])].slice(0, 3);
  return (await sharp(member.png).stats()).channels.slice(0, 3).map(({ mean }) => Math.round(mean));
};

/** The weighted mean colour of references; grey without any. */
const meanColour = async (references: readonly LoadedReference[]): Promise<number[]> => {
  const members = references.flatMap(membersOf);
  const total = members.reduce((sum, { weight }) => sum + weight, 0);
  const colours = await Promise.all(members.map(colourOf));
  return [0, 1, 2].map((c) => (total === 0 ? 128 : Math.round(members.reduce((sum, { weight }, i) => sum + weight * (colours[i]?.[c] ?? 0), 0) / total)));
};

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
      const [r = 0, g = 0, b = 0] = await meanColour(request.references);
      if (request.kind === "style_code") {
        const file = await encodeStyleCode({ kind: "style-code", encoder: ENCODER, queries: 1, width: 4, tokens: { style: Float32Array.of(r, g, b, 0) } });
        return { images: [], code: { encoder: ENCODER, file }, seed: 0, parameters: {}, timings: {}, model: "average@1" };
      }
      const make = (i: number) =>
        sharp({ create: { width: request.width ?? 16, height: request.height ?? 16, channels: 3, background: { r, g, b: (b + i) % 256 } } }).png().toBuffer();
      const images = await Promise.all(Array.from({ length: request.count }, (_, i) => make(i)));
      return { images, seed: request.seed, parameters: { steps }, timings: { total_ms: performance.now() - started }, model: "average@1" };
    },
  }),
);
