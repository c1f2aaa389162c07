import blueprint from "../../../../../models/mini/references/blueprint-castle.png";
import clay from "../../../../../models/mini/references/clay-strawberry.png";
import crossStitch from "../../../../../models/mini/references/cross-stitch-owl.png";
import linocut from "../../../../../models/mini/references/linocut-rooster.png";
import longShadow from "../../../../../models/mini/references/long-shadow-mushroom.png";
import neon from "../../../../../models/mini/references/neon-guitar.png";
import paperCut from "../../../../../models/mini/references/paper-cut-tulip.png";
import popArt from "../../../../../models/mini/references/pop-art-rocket.png";
import origins from "../../../../../models/mini/references/references.json";
import sepia from "../../../../../models/mini/references/sepia-telephone.png";
import stainedGlass from "../../../../../models/mini/references/stained-glass-tropical-fish.png";
import sticker from "../../../../../models/mini/references/sticker-turtle.png";
import watercolour from "../../../../../models/mini/references/watercolour-fox.png";

/** A style reference that ships with the product. */
export interface Starter {
  readonly file: string;
  readonly name: string;
  readonly src: string;
  readonly width: number;
  readonly height: number;
  /** Author and licence. */
  readonly credit: string;
}

const creditOf = (file: string): string => {
  const origin = origins.find((entry) => entry.file === file);
  return origin === undefined ? "" : `${origin.author}, ${origin.spdx}`;
};

const starter = (file: string, name: string, { src, width, height }: { src: string; width: number; height: number }): Starter => ({ file, name, src, width, height, credit: creditOf(file) });

/** The starter shelf: openly licensed pictures, one a style. */
export const STARTERS: readonly Starter[] = [
  starter("watercolour-fox.png", "Watercolour", watercolour),
  starter("stained-glass-tropical-fish.png", "Stained glass", stainedGlass),
  starter("neon-guitar.png", "Neon sign", neon),
  starter("paper-cut-tulip.png", "Paper cut", paperCut),
  starter("linocut-rooster.png", "Linocut", linocut),
  starter("blueprint-castle.png", "Blueprint", blueprint),
  starter("clay-strawberry.png", "Clay", clay),
  starter("pop-art-rocket.png", "Pop art", popArt),
  starter("cross-stitch-owl.png", "Cross stitch", crossStitch),
  starter("long-shadow-mushroom.png", "Long shadow", longShadow),
  starter("sticker-turtle.png", "Sticker", sticker),
  starter("sepia-telephone.png", "Sepia photo", sepia),
];
