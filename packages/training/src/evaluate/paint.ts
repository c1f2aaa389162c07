import { imagesFromSigned } from "@deadiff/core";
import type { HostImage } from "@deadiff/core";
import { paintScene } from "../data/batches/paint.ts";
import type { Pixels } from "../data/dataset/read.ts";
import type { Scene } from "../data/pairs.ts";
import { createScratch } from "../data/pixels/scratch.ts";

/** Real pictures of scenes, as bytes like those a model makes. */
export function paintPictures(pixels: Pixels, scenes: readonly Pick<Scene, "cell" | "style">[]): HostImage[] {
  const { size } = pixels;
  const scratch = createScratch(size);
  return scenes.map((scene) => {
    const data = new Float32Array(3 * size * size);
    paintScene(pixels, scene, scratch, data, 0);
    const [picture] = imagesFromSigned({ dtype: "float32", dims: [1, 3, size, size], data });
    if (picture === undefined) throw new TypeError("paintPictures: no picture");
    return picture;
  });
}
