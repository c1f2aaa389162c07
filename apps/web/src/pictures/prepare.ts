import type { ImageType } from "@deadiff/schemas/contracts";
import { UserError } from "@/api/explain";
import { readType } from "./read-type";

/** A picture that is ready to be sent. */
export interface Prepared {
  readonly blob: Blob;
  readonly type: ImageType;
  readonly width: number;
  readonly height: number;
}

const KEEP_BYTES = 12 * 1024 * 1024;
const KEEP_SIDE_PX = 4096;
/** Far above what any encoder looks at. */
const SHRUNK_SIDE_PX = 2048;

const decode = async (file: Blob): Promise<ImageBitmap> => {
  try {
    return await createImageBitmap(file);
  } catch {
    throw new UserError(file.size === 0 ? "The file is empty." : "This file is not a picture that can be read.", "Use a JPEG, PNG or WebP picture.");
  }
};

/** A file as the API takes it. Formats that only the browser knows become PNG, very large pictures smaller; all others stay as they are, byte by byte. */
export const prepare = async (file: Blob): Promise<Prepared> => {
  const type = readType(new Uint8Array(await file.slice(0, 16).arrayBuffer()));
  using bitmap = disposable(await decode(file));
  const { width, height } = bitmap.value;
  if (type !== undefined && file.size <= KEEP_BYTES && Math.max(width, height) <= KEEP_SIDE_PX) return { blob: new Blob([file], { type }), type, width, height };
  const scale = Math.min(1, SHRUNK_SIDE_PX / Math.max(width, height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  const context = canvas.getContext("2d");
  if (context === null) throw new UserError("The browser has no memory left for this picture.", "Use a smaller picture.");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap.value, 0, 0, canvas.width, canvas.height);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return { blob, type: "image/png", width: canvas.width, height: canvas.height };
};

const disposable = (value: ImageBitmap) => ({ value, [Symbol.dispose]: () => value.close() });
