import sharp from "sharp";

/** Side of a clean render, in pixels. */
export const CLEAN_SIDE = 128;

/** Free pixels on every side of a clean render: room for the outlines, shadows and glows of the treatments. */
const MARGIN = 10;

/** Side that an icon itself is drawn at. */
export const ICON_SIDE = CLEAN_SIDE - 2 * MARGIN;

/** Draws an SVG document of side `ICON_SIDE` in the middle of a transparent square: RGBA, uint8, straight alpha // [128, 128, 4]. */
export async function renderClean(svg: string): Promise<Buffer> {
  return sharp(Buffer.from(svg))
    .resize(ICON_SIDE, ICON_SIDE, { fit: "contain", background: "#0000" })
    .extend({ top: MARGIN, bottom: MARGIN, left: MARGIN, right: MARGIN, background: "#0000" })
    .ensureAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer();
}
