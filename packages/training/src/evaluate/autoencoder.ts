import { imagesFromSigned, pixelsSigned } from "@deadiff/core";
import type { HostImage, Model } from "@deadiff/core";

/** Pictures encoded and decoded again: the best that a model of these latents can draw. */
export async function throughAutoencoder(model: Model, pictures: readonly HostImage[]): Promise<HostImage[]> {
  const out: HostImage[] = [];
  for (const picture of pictures) {
    const { latent } = await model.run("vae-encode", { pixels: pixelsSigned(picture) });
    if (latent === undefined) throw new TypeError("throughAutoencoder: the encoder gave no latent");
    const { pixels } = await model.run("vae-decode", { latent });
    if (pixels === undefined) throw new TypeError("throughAutoencoder: the decoder gave no pixels");
    out.push(...imagesFromSigned(pixels));
  }
  return out;
}
