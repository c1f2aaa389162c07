import { setImmediate as turn } from "node:timers/promises";
import { rowRunner, vaeFactor, type Conditions, type Model } from "@deadiff/core";
import { createScheduler, type Scheduler } from "./scheduler.ts";
import { measureStepTimes } from "./step-times.ts";

/** The clock of deadlines: milliseconds since the epoch, finer than Date's. */
export const now = (): number => performance.timeOrigin + performance.now();

/** A scheduler over a loaded model, with step times measured here and now, at the model's default size; every batch size is warm afterwards. */
export const shareRuns = async (model: Model, onBatch?: Parameters<typeof createScheduler>[0]["onBatch"]): Promise<Scheduler> => {
  const runner = rowRunner(model);
  const { config: c } = model;
  const side = model.sizes.default / vaeFactor(c.vae);
  const text = new Float32Array(c.text.context * c.unet.contextWidth);
  const image = new Float32Array(c.qFormer.queries * c.unet.contextWidth);
  const conditions: Conditions = { text: { conditional: text, unconditional: text }, image: { tokens: { style: image, content: image }, gains: c.layerMap.map(() => 1) } };
  const row = { conditions, pass: "conditional", timestep: 500, latent: new Float32Array(c.unet.latentChannels * side * side) } as const;
  const times = await measureStepTimes(async (rows) => {
    await runner.evaluate(Array.from({ length: rows }, () => row), { height: side, width: side });
  });
  await runner.forget([conditions]);
  return createScheduler({ runner, times, now, turn: () => turn(), ...(onBatch === undefined ? {} : { onBatch }) });
};
