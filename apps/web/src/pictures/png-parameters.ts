import { parseParameters, type Parameters } from "./parameters";

/** Text chunks stand at the start of our files; a PNG may be much longer. */
const LOOK_BYTES = 1 << 20;
const KEYWORD = "deadiff";
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

const latin1 = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);

const unpack = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer());

/** The text of a chunk after its keyword. Source: W3C, PNG (Third Edition), section 11.3.3. */
const chunkText = async (type: string, data: Uint8Array<ArrayBuffer>): Promise<string | undefined> => {
  switch (type) {
    case "tEXt":
      return latin1(data);
    case "zTXt":
      return latin1(await unpack(data.slice(1)));
    case "iTXt": {
      const language = data.indexOf(0, 2);
      const translated = language === -1 ? -1 : data.indexOf(0, language + 1);
      if (translated === -1) return undefined;
      const text = data.slice(translated + 1);
      return new TextDecoder().decode(data[0] === 0 ? text : await unpack(text));
    }
    default:
      return undefined;
  }
};

/** What a PNG made here was made with; `undefined` for every other file, whatever is wrong with it. */
export const readParameters = async (file: Blob): Promise<Parameters | undefined> => {
  const bytes = new Uint8Array(await file.slice(0, LOOK_BYTES).arrayBuffer());
  if (!SIGNATURE.every((byte, i) => bytes[i] === byte)) return undefined;
  const view = new DataView(bytes.buffer);
  for (let at = SIGNATURE.length; at + 12 <= bytes.length; ) {
    const end = at + 12 + view.getUint32(at);
    const type = latin1(bytes.subarray(at + 4, at + 8));
    if (end > bytes.length || type === "IEND") return undefined;
    const data = bytes.slice(at + 8, end - 4);
    if (type.endsWith("Xt") && latin1(data.subarray(0, KEYWORD.length + 1)) === `${KEYWORD}\0`) {
      const text = await chunkText(type, data.slice(KEYWORD.length + 1)).catch(() => undefined);
      return text === undefined ? undefined : parseParameters(text);
    }
    at = end;
  }
  return undefined;
};
