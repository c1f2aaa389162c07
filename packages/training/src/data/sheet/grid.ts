import sharp from "sharp";

/** One picture of a sheet: RGB, uint8 // [side, side, 3] */
export type Tile = { readonly side: number; readonly rgb: Uint8Array };

/** A table of pictures with words at its margins. All tiles have one side. */
export type Grid = {
  readonly rows: readonly { readonly label: string; readonly tiles: readonly Tile[] }[];
  readonly columns: readonly string[];
};

const GAP = 4;
const HEAD = 18;
const FONT = 11;

/** Draws the table as a PNG; `zoom` repeats each pixel so many times. */
export async function drawGrid({ rows, columns }: Grid, zoom: number): Promise<Buffer> {
  const side = (rows[0]?.tiles[0]?.side ?? 0) * zoom;
  const margin = 16 + Math.ceil(FONT * 0.62 * Math.max(0, ...rows.map((row) => row.label.length)));
  const width = margin + columns.length * (side + GAP);
  const height = HEAD + rows.length * (side + GAP);
  const pixels = Buffer.alloc(width * height * 3, 245);
  rows.forEach(({ tiles }, row) => {
    tiles.forEach((tile, column) => copyTile(tile, zoom, pixels, width, margin + column * (side + GAP), HEAD + row * (side + GAP)));
  });
  const texts = [
    ...columns.map((label, column) => text(cut(label, side), margin + column * (side + GAP), HEAD - 5)),
    ...rows.map(({ label }, row) => text(label, 6, HEAD + row * (side + GAP) + side / 2 + FONT / 3)),
  ];
  const words = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="${FONT}">${texts.join("")}</svg>`;
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .composite([{ input: Buffer.from(words) }])
    .png()
    .toBuffer();
}

function copyTile({ side, rgb }: Tile, zoom: number, to: Buffer, width: number, left: number, top: number): void {
  for (let y = 0; y < side * zoom; y++) {
    for (let x = 0; x < side * zoom; x++) {
      const from = (Math.floor(y / zoom) * side + Math.floor(x / zoom)) * 3;
      const at = ((top + y) * width + left + x) * 3;
      for (let channel = 0; channel < 3; channel++) to[at + channel] = rgb[from + channel] ?? 0;
    }
  }
}

/** As much of a label as fits above a tile. */
function cut(label: string, width: number): string {
  const fits = Math.floor(width / (FONT * 0.55));
  return label.length <= fits ? label : `${label.slice(0, fits - 1)}\u2026`;
}

function text(words: string, x: number, y: number): string {
  return `<text x="${x}" y="${y}">${words.replace(/[&<]/g, (sign) => (sign === "&" ? "&amp;" : "&lt;"))}</text>`;
}
