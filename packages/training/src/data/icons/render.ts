import sharp from "sharp";

/** Side of the clean renders that a dataset stores, in pixels. */
export const CLEAN_SIDE = 128;

/** Free part of each side: room for the outlines, shadows and glows of the treatments. */
const MARGIN = 10 / 128;

/**
 * Draws an icon in the middle of a transparent square of `side` pixels: RGBA, uint8, straight alpha // [side, side, 4]
 *
 * `svg` gives the icon as an SVG document of the side asked for; one that is not square keeps its shape.
 */
export async function renderClean(svg: (side: number) => string, side: number): Promise<Buffer> {
  const margin = Math.round(side * MARGIN);
  const inner = side - 2 * margin;
  return sharp(Buffer.from(svg(inner)))
    .resize(inner, inner, { fit: "contain", background: "#0000" })
    .extend({ top: margin, bottom: margin, left: margin, right: margin, background: "#0000" })
    .ensureAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer();
}
