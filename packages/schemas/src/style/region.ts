import type { Crop } from "./contract.ts";

/** A part of a picture in its pixels, from the top left. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The pixels that a crop frames in an upright picture: at least one, and none beyond the edge. The worker cuts by it, and pages show by it. */
export const regionOf = ({ x, y, width, height }: Crop, whole: Pick<Region, "width" | "height">): Region => {
  const left = Math.min(whole.width - 1, Math.round(x * whole.width));
  const top = Math.min(whole.height - 1, Math.round(y * whole.height));
  const right = Math.min(whole.width, Math.max(left + 1, Math.round((x + width) * whole.width)));
  const bottom = Math.min(whole.height, Math.max(top + 1, Math.round((y + height) * whole.height)));
  return { left, top, width: right - left, height: bottom - top };
};
