import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBatches, fingerprintOf, viewOf, type Part, type View } from "../src/index.ts";
import { makeFixture } from "./fixture.ts";

let fixture: Awaited<ReturnType<typeof makeFixture>>;
let view: View<"train">;
beforeAll(async () => {
  fixture = await makeFixture(64, 1);
  view = viewOf(fixture.dataset, "train");
});
afterAll(() => fixture.remove());

function digestOf(...pixels: readonly Float32Array[]): string {
  const hash = createHash("sha256");
  for (const plane of pixels) hash.update(new Uint8Array(plane.buffer));
  return hash.digest("hex");
}

/** What decides whether two streams are the same. */
function told(batches: Awaited<ReturnType<typeof collect>>) {
  return batches.map(({ first, pairs, digest }) => ({ first, pairs, digest }));
}

async function collect<P extends Part>(from: View<P>, options: { threads: number; from?: number }, batches: number) {
  const stream = createBatches(from, { seed: 3, count: 6, ...options });
  const collected = [];
  for (let k = 0; k < batches; k++) {
    const { reference, target, ...rest } = await stream.next();
    // Digests, because comparing arrays number by number takes longer than painting them.
    collected.push({ ...rest, reference, target, digest: digestOf(reference, target) });
  }
  await stream.close();
  return collected;
}

describe("batches", () => {
  it("are the same with no thread, one and two", async () => {
    const here = told(await collect(view, { threads: 0 }, 4));
    expect(told(await collect(view, { threads: 1 }, 4))).toEqual(here);
    expect(told(await collect(view, { threads: 2 }, 4))).toEqual(here);
  });

  it("resume from the number of their first pair", async () => {
    const whole = await collect(view, { threads: 0 }, 4);
    const { first } = whole[2]!;
    expect(told(await collect(view, { threads: 1, from: first }, 2))).toEqual(told(whole.slice(2)));
  });

  it("hold pictures of 3 x 64 x 64 in -1 .. 1, reference and target alike in reconstruction only", async () => {
    for (const { reference, target, pairs } of await collect(view, { threads: 0 }, 3)) {
      expect(reference.length).toBe(6 * 3 * 64 * 64);
      expect([reference, target].every((pixels) => pixels.every((value) => Math.abs(value) <= 1))).toBe(true);
      pairs.forEach(({ task }, k) => {
        const picture = (pixels: Float32Array) => pixels.slice(k * 3 * 64 * 64, (k + 1) * 3 * 64 * 64);
        expect(digestOf(picture(reference)) === digestOf(picture(target))).toBe(task === "reconstruction");
      });
    }
  });

  it("paint the same into memory that was given back", async () => {
    for (const threads of [0, 1]) {
      const kept = told(await collect(view, { threads }, 5));
      const stream = createBatches(view, { seed: 3, count: 6, threads });
      for (const { digest } of kept) {
        const batch = await stream.next();
        expect(digestOf(batch.reference, batch.target)).toBe(digest);
        stream.release(batch);
      }
      await stream.close();
    }
  });

  it("share one memory between reference and target when nothing but reconstruction is asked for", async () => {
    for (const threads of [0, 1]) {
      const stream = createBatches(view, { seed: 3, count: 6, threads, tasks: ["reconstruction"] });
      const { reference, target } = await stream.next();
      expect(target.buffer).toBe(reference.buffer);
      await stream.close();
    }
  });

  it("have a fingerprint that tells seeds and tasks apart and is the same each time", () => {
    const fingerprint = fingerprintOf(view, 3);
    expect(fingerprintOf(view, 3)).toBe(fingerprint);
    expect(fingerprintOf(view, 4)).not.toBe(fingerprint);
    expect(fingerprintOf(view, 3, { tasks: ["stre"] })).not.toBe(fingerprint);
  });

  it("reject what is still awaited when they are closed", async () => {
    const stream = createBatches(view, { seed: 3, count: 6, threads: 1 });
    const awaited = stream.next();
    await stream.close();
    await expect(awaited).rejects.toThrow("ended");
  });

  it("let an error through while their thread is idle", async () => {
    const program = `
      import { createBatches, openDataset, viewOf } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)};
      const batches = createBatches(viewOf(await openDataset(${JSON.stringify(fixture.folder)}, { size: 64 }), "train"), { seed: 3, count: 6, threads: 1 });
      // A step blocks the event loop for seconds; by then the thread has painted all it was asked for.
      try { await batches.next(); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500); throw new Error("the step failed"); } finally { await batches.close(); }
    `;
    const ended = promisify(execFile)(process.execPath, ["--eval", program]);
    await expect(ended).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("the step failed") as string });
  }, 60_000);
});
