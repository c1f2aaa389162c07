import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDataset, readManifest, verifyDataset } from "../src/index.ts";
import { makeFixture } from "./fixture.ts";

let fixture: Awaited<ReturnType<typeof makeFixture>>;
beforeAll(async () => {
  fixture = await makeFixture(64, 1);
});
afterAll(() => fixture.remove());

describe("a dataset folder", () => {
  it("is refused when one byte of a file has changed", async () => {
    const { manifest } = await readManifest(fixture.folder);
    for (const file of Object.keys(manifest.files)) {
      const path = join(fixture.folder, file);
      const bytes = await readFile(path);
      const middle = Math.floor(bytes.length / 2);
      bytes[middle]! ^= 1;
      await writeFile(path, bytes);
      await expect(verifyDataset(fixture.folder, manifest)).rejects.toMatchObject({ code: "dataset_changed", context: { changed: [file] } });
      bytes[middle]! ^= 1;
      await writeFile(path, bytes);
    }
    await verifyDataset(fixture.folder, manifest);
  });

  it("has the same hash when it is made again", async () => {
    const again = await makeFixture(64, 1);
    expect(again.dataset.hash).toBe(fixture.dataset.hash);
    await again.remove();
  });

  it("holds premultiplied pictures that are transparent at the corner and solid in the middle", () => {
    const { pixels, pictures } = fixture.dataset;
    const bytes = new Uint8Array(pixels.bytes);
    const ball = pictures.findIndex(({ hand, icon }) => hand === "noto" && icon === "1f400") * 64 * 64 * 4;
    expect([...bytes.subarray(ball, ball + 4)]).toEqual([0, 0, 0, 0]);
    const middle = ball + (32 * 64 + 32) * 4;
    expect([...bytes.subarray(middle, middle + 4)]).toEqual([0xf7, 0xf7, 0xf7, 255]);
    const above = bytes.findIndex((value, i) => value > bytes[i | 3]!);
    expect(above).toBe(-1);
  });

  it("says what to do when it is missing, and which sizes it can be read at", async () => {
    await expect(openDataset(join(fixture.folder, "nowhere"), { size: 64 })).rejects.toMatchObject({ code: "dataset_missing" });
    await expect(openDataset(fixture.folder, { size: 48 })).rejects.toMatchObject({ code: "dataset_size" });
  });
});
