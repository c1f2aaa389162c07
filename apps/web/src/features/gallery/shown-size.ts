import type { CSSProperties } from "react";

/** Small pictures are shown larger than they are, but not so large that there is more blur than picture. */
const MOST = 4;

/** How large a picture stands on a page that has `around` beside it in height: whole, in its own proportions. */
export const shownSize = ({ width, height }: { readonly width: number; readonly height: number }, around: string): CSSProperties => ({
  aspectRatio: `${width} / ${height}`,
  maxWidth: `min(${width * MOST}px, calc((100dvh - ${around}) * ${width / height}))`,
});
