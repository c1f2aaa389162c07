import type { ImageType } from "@deadiff/schemas/contracts";

const startsWith = (bytes: Uint8Array, at: number, text: string): boolean => Array.from(text, (letter) => letter.charCodeAt(0)).every((code, i) => bytes[at + i] === code);

/** The picture format that a file's first bytes say, whatever its name says; `undefined` for those the API does not take. */
export const readType = (bytes: Uint8Array): ImageType | undefined => {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return "image/jpeg";
  if (startsWith(bytes, 0, "\u0089PNG")) return "image/png";
  if (startsWith(bytes, 0, "RIFF") && startsWith(bytes, 8, "WEBP")) return "image/webp";
  return undefined;
};
