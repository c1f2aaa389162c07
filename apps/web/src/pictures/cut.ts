/** The part of the picture at `url` that `box` frames (in shares of its sides), as a PNG file. */
export const cut = async (url: string, box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }): Promise<Blob> => {
  const bitmap = await createImageBitmap(await (await fetch(url)).blob());
  try {
    const at = { x: Math.round(box.x * bitmap.width), y: Math.round(box.y * bitmap.height) };
    const canvas = new OffscreenCanvas(Math.max(1, Math.round(box.width * bitmap.width)), Math.max(1, Math.round(box.height * bitmap.height)));
    canvas.getContext("2d")?.drawImage(bitmap, -at.x, -at.y);
    return await canvas.convertToBlob({ type: "image/png" });
  } finally {
    bitmap.close();
  }
};
