import { expect, test } from "vitest";
import { MINI, SD15 } from "../presets.ts";
import { defaultBatching } from "./batching.ts";

test.each([1, 2, 3])("%i passes of a step never take more rows than a device is given, and no device stands idle", (passes) => {
  for (const provider of ["cuda", "webgpu", "cpu"] as const) {
    const { images, passes: how } = defaultBatching(MINI, provider, { height: 16, width: 16 }, passes);
    expect(how).toBe("together");
    expect(images * passes).toBeLessThanOrEqual(8);
    expect((images + 1) * passes).toBeGreaterThan(8);
  }
  // One row of Stable Diffusion fills a processor.
  expect(defaultBatching(SD15, "cpu", { height: 64, width: 64 }, passes)).toEqual({ images: 1, passes: "apart" });
});
