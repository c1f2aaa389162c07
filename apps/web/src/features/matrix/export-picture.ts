import type { Matrix } from "@deadiff/schemas/contracts";
import { axesOf, cellIndex, cellsByPlace, referenceName } from "./axes";

/** Where references are shown from, in the order of the axis; null where there is no picture. */
type ReferenceUrls = readonly (string | null)[];

const GAP = 8;
const MARGIN = 32;
const HEAD = 84;
const MIN_CELL = 160;
const MAX_CELL = 512;
const MAX_SIDE = 12_000;
const FONT = "ui-sans-serif, system-ui, sans-serif";
// A sheet of paper in every theme.
const PAPER = "#ffffff";
const INK = "#1b2426";
const NOTE = "#5b6668";
const BLANK = "#e9ecec";

const load = async (url: string | null | undefined): Promise<ImageBitmap | undefined> => {
  if (url == null) return undefined;
  try {
    return await createImageBitmap(await (await fetch(url)).blob());
  } catch {
    return undefined;
  }
};

/** `text` in at most `lines` lines of `width`, the last one cut. */
const wrap = (context: OffscreenCanvasRenderingContext2D, text: string, width: number, lines: number): string[] => {
  const done: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (context.measureText(longer).width <= width || line === "") line = longer;
    else {
      done.push(line);
      line = word;
    }
  }
  done.push(line);
  if (done.length <= lines) return done;
  return [...done.slice(0, lines - 1), `${done[lines - 1] ?? ""} …`];
};

const cover = (context: OffscreenCanvasRenderingContext2D, bitmap: ImageBitmap, x: number, y: number, side: number): void => {
  const cut = Math.min(bitmap.width, bitmap.height);
  context.drawImage(bitmap, (bitmap.width - cut) / 2, (bitmap.height - cut) / 2, cut, cut, x, y, side, side);
};

/** A matrix with its labels as one PNG, pictures in their own size where the sheet has room. */
export const matrixPicture = async (matrix: Matrix, referenceUrls: ReferenceUrls): Promise<Blob> => {
  const axes = axesOf(matrix);
  const cells = cellsByPlace(matrix);
  const native = Math.max(MIN_CELL, ...matrix.cells.map(({ outputs }) => outputs[0]?.width ?? 0));
  const columns = axes.prompts.length;
  const rows = axes.references.length * axes.strengths.length;
  const several = axes.strengths.length > 1;
  const side = Math.floor(Math.min(native, MAX_CELL, (MAX_SIDE - 2 * MARGIN) / (Math.max(columns, rows) + 1) - GAP));
  const left = MARGIN + side + GAP + (several ? 64 : 0);
  const top = MARGIN + HEAD;
  const canvas = new OffscreenCanvas(left + columns * (side + GAP) - GAP + MARGIN, top + rows * (side + GAP) - GAP + MARGIN + 28);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this browser has no canvas");
  context.fillStyle = PAPER;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";

  context.fillStyle = INK;
  context.textAlign = "center";
  context.font = `500 16px ${FONT}`;
  for (const [p, prompt] of axes.prompts.entries()) {
    const lines = wrap(context, prompt === "" ? "no prompt" : prompt, side, 3);
    for (const [i, line] of lines.entries()) context.fillText(line, left + p * (side + GAP) + side / 2, top - 14 - (lines.length - 1 - i) * 21, side);
  }

  for (const [r, set] of axes.references.entries()) {
    const y = top + r * axes.strengths.length * (side + GAP);
    using held = disposable(await load(referenceUrls[r]));
    if (held.bitmap === undefined) {
      context.fillStyle = NOTE;
      context.fillText(referenceName(set, r), MARGIN + side / 2, y + side / 2, side);
    } else cover(context, held.bitmap, MARGIN, y, side);
    for (const [s, strength] of axes.strengths.entries()) {
      const rowY = y + s * (side + GAP);
      if (several) {
        context.fillStyle = NOTE;
        context.fillText(`${strength} ×`, left - 32 - GAP / 2, rowY + side / 2);
      }
      for (let p = 0; p < columns; p++) {
        const x = left + p * (side + GAP);
        using picture = disposable(await load(cells.get(cellIndex(matrix.axes, r, p, s))?.outputs[0]?.url));
        if (picture.bitmap === undefined) {
          context.fillStyle = BLANK;
          context.fillRect(x, rowY, side, side);
        } else cover(context, picture.bitmap, x, rowY, side);
      }
    }
  }

  context.textAlign = "left";
  context.font = `13px ${FONT}`;
  context.fillStyle = NOTE;
  const job = matrix.cells.find(({ model }) => model !== null);
  context.fillText([job?.model, job?.seed == null ? null : `seed ${job.seed}`, matrix.created_at.slice(0, 10)].filter((part) => part != null).join(" · "), MARGIN, canvas.height - 18);
  return canvas.convertToBlob({ type: "image/png" });
};

const disposable = (bitmap: ImageBitmap | undefined) => ({ bitmap, [Symbol.dispose]: () => bitmap?.close() });
