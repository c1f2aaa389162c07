// npm run data:bench: how many pictures a second one core paints, by treatment and over the mix that training draws.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createBatches } from "./batches/batches.ts";
import { openDataset } from "./dataset/read.ts";
import { DATA_FOLDER } from "./paths.ts";
import { figureFromBytes } from "./pixels/picture.ts";
import { createScratch } from "./pixels/scratch.ts";
import { below, randomStream } from "./random.ts";
import { applyStyle, drawStyle } from "./style.ts";
import { TREATMENT_IDS } from "./treatments/table.ts";
import { viewOf } from "./view.ts";

const { values: options } = parseArgs({ options: { data: { type: "string", default: "emoji" }, pictures: { type: "string", default: "400" } } });
const pictures = Number(options.pictures);

for (const size of [64, 128]) {
  const dataset = await openDataset(join(DATA_FOLDER, options.data), { size, verify: false });
  const bytes = new Uint8Array(dataset.pixels.bytes);
  const scratch = createScratch(size);
  const run = (treatment: (typeof TREATMENT_IDS)[number], count: number): number => {
    const started = performance.now();
    for (let n = 0; n < count; n++) {
      const random = randomStream(n);
      const index = below(random, dataset.pictures.length);
      const hand = dataset.pictures[index]?.hand ?? "noto";
      scratch.reset();
      applyStyle(figureFromBytes(bytes, index * size * size * 4, scratch), drawStyle(random, hand, treatment), scratch);
    }
    return (performance.now() - started) / count;
  };
  for (const treatment of TREATMENT_IDS) run(treatment, 50);
  const times = TREATMENT_IDS.map((treatment) => ({ treatment, ms: run(treatment, pictures) }));
  const mean = times.reduce((sum, { ms }) => sum + ms, 0) / times.length;
  console.log(`${size} px: mean ${mean.toFixed(3)} ms, ${Math.round(1000 / mean)} pictures/s on one core`);
  for (const { treatment, ms } of times.sort((x, y) => y.ms - x.ms)) console.log(`  ${treatment.padEnd(16)} ${ms.toFixed(3)} ms`);

  const view = viewOf(dataset, "train", { subjects: "start" });
  for (const threads of [0, 1]) {
    const batches = createBatches(view, { seed: 1, count: 64, threads });
    await batches.next();
    const used = process.cpuUsage();
    const started = performance.now();
    for (let k = 0; k < 20; k++) batches.release(await batches.next());
    const wall = (performance.now() - started) / 20;
    const { user, system } = process.cpuUsage(used);
    console.log(`${size} px, 64 pairs, ${threads} threads: ${wall.toFixed(1)} ms a batch, ${((user + system) / 20000).toFixed(1)} ms of CPU`);
    await batches.close();
  }
}
