import { LIMITS, type ImageType, type UploadFinding, type UploadRow } from "@deadiff/schemas";
import { imageSize } from "image-size";
import type { ObjectStore } from "../ports/object-store.ts";

// Enough for the metadata that cameras put before a JPEG's size.
const HEADER_BYTES = 256 * 1024;
const TYPES: Readonly<Record<string, ImageType>> = { jpg: "image/jpeg", png: "image/png", webp: "image/webp" };

const rejected = (reason: string): UploadFinding => ({ state: "rejected", reason });

/**
 * Looks at what arrived in the store: the announced size and type, a header that says the same type and a size within the limits.
 * `undefined` while nothing arrived. The pixels are decoded later, by the worker, in a process of their own.
 */
export const inspectUpload = async (store: ObjectStore, upload: UploadRow): Promise<UploadFinding | undefined> => {
  const found = await store.head(upload.object_key);
  if (found === undefined) return undefined;
  if (found.bytes !== upload.bytes) return rejected(`${found.bytes} bytes arrived, ${upload.bytes} were announced`);
  const start = await store.readStart(upload.object_key, Math.min(HEADER_BYTES, upload.bytes));
  let size;
  try {
    size = imageSize(start);
  } catch {
    return rejected("this is not a picture whose size can be read");
  }
  const type = TYPES[size.type ?? ""];
  if (type !== upload.content_type) return rejected(`the content is ${type ?? "of a kind that is not accepted"}, announced was ${upload.content_type}`);
  if (size.width < 1 || size.height < 1) return rejected("the picture has no pixels");
  if (size.width > LIMITS.imageSidePx || size.height > LIMITS.imageSidePx) return rejected(`${size.width} x ${size.height} pixels: a side may have at most ${LIMITS.imageSidePx}`);
  if (size.width * size.height > LIMITS.imagePixels) return rejected(`${size.width} x ${size.height} pixels: at most ${LIMITS.imagePixels} in all`);
  return { state: "ready", width: size.width, height: size.height };
};
