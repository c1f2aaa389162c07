/** Many small jobs side by side: what a report or a batch of prompts needs. */
import { DeadiffError } from "../errors.ts";
import type { HostImage } from "../image/host-image.ts";
import { imagesFromSigned } from "../image/pixels.ts";
import { vaeFactor } from "../models/vae.ts";
import { seededNoise } from "../sampling/noise.ts";
import { planSampling } from "../sampling/plan.ts";
import { SD_SCHEDULE } from "../sampling/schedule.ts";
import type { Conditions } from "./keys.ts";
import type { Model } from "./model.ts";
import { float32Output } from "./outputs.ts";
import { readReferences } from "./references.ts";
import { guidanceOf, resolveRequest } from "./request.ts";
import type { StylizeInput, StylizeRequest } from "./request.ts";
import { ownRuns } from "./rows.ts";
import { sampleLatents } from "./sample.ts";
import { readTexts } from "./texts.ts";

/** What the jobs of a batch must agree in: the steps that are taken side by side. */
const SHARED = ["width", "height", "steps", "sampler", "spacing", "eta", "guidance", "promptGuidance", "guidanceInterval", "image"] as const satisfies readonly (keyof StylizeRequest)[];

/**
 * One picture of each request, sampled side by side: references, prompts, seeds, strengths and gains may differ. Each
 * picture is the one that `stylize` makes of its request alone, to the bit on the CPU.
 *
 * @throws DeadiffError `batch_mixed` where requests differ in what must be shared, ask for more than one picture or leave
 * the seed open; and the codes of `stylize`
 */
export async function stylizeBatch(model: Model, inputs: readonly StylizeInput[], options: { signal?: AbortSignal } = {}): Promise<HostImage[]> {
  const { signal } = options;
  const requests = inputs.map((input) => resolveRequest(input, model, () => {
    throw new DeadiffError("batch_mixed", "each request of a batch says its seed");
  }));
  const [shared] = requests;
  if (shared === undefined) return [];
  requireAlike(shared, requests);
  const conditions: Conditions[] = [];
  for (const request of requests) {
    signal?.throwIfAborted();
    conditions.push({ text: await readTexts(model, request), image: await readReferences(model, request, signal) });
  }

  const { config: c } = model;
  const [height, width] = [shared.height / vaeFactor(c.vae), shared.width / vaeFactor(c.vae)];
  const elements = c.unet.latentChannels * height * width;
  const noise = seededNoise(requests.map(({ seed }) => seed), elements);
  const { evaluate, forget } = ownRuns(model, "together");
  try {
    const latents = await sampleLatents(evaluate, {
      schedule: SD_SCHEDULE, prediction: c.prediction, plan: planSampling(SD_SCHEDULE, shared), signal,
      guidance: guidanceOf(shared),
      conditions, shape: { height, width },
      start: noise.start(), noise: noise.step,
    });
    const decoded = await model.run("vae-decode", { latent: { dtype: "float32", dims: [requests.length, c.unet.latentChannels, height, width], data: latents } });
    return imagesFromSigned({ dtype: "float32", dims: [requests.length, 3, shared.height, shared.width], data: float32Output(decoded, "pixels") });
  } finally {
    await forget(conditions);
  }
}

function requireAlike(shared: StylizeRequest, requests: readonly StylizeRequest[]): void {
  for (const request of requests) {
    const differing = SHARED.filter((key) => JSON.stringify(request[key]) !== JSON.stringify(shared[key]));
    if (differing.length > 0) throw new DeadiffError("batch_mixed", `the requests of a batch must agree in ${SHARED.join(", ")}; they differ in ${differing.join(", ")}`);
    if (request.count !== 1) throw new DeadiffError("batch_mixed", `each request of a batch makes one picture, one asks for ${request.count}`);
  }
}
