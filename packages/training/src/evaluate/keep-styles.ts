import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { openSafetensorsFile, tensorToWrite, writeSafetensorsFile } from "@deadiff/core/node";
import type { StyleIndex } from "./styles.ts";

/** The style index of a file, or the one that is made now and kept there: it looks at thousands of pictures. */
export async function keepStyles(path: string, make: () => Promise<StyleIndex>): Promise<StyleIndex> {
  if (existsSync(path)) return readStyles(path);
  const index = await make();
  await mkdir(dirname(path), { recursive: true });
  await writeSafetensorsFile(path, (["centres", "features"] as const).map((name) => {
    const rows = index[name];
    const width = rows[0]?.length ?? 0;
    const data = new Float32Array(rows.length * width);
    rows.forEach((row, i) => { data.set(row, i * width); });
    return tensorToWrite(name, { dtype: "float32", dims: [rows.length, width], data });
  }), { names: JSON.stringify(index.names) });
  return index;
}

async function readStyles(path: string): Promise<StyleIndex> {
  const file = await openSafetensorsFile(path);
  try {
    const rows = async (name: string): Promise<Float32Array[]> => {
      const { dims: [count = 0, width = 0], data } = await file.read(name);
      return Array.from({ length: count }, (_, i) => (data as Float32Array).slice(i * width, (i + 1) * width));
    };
    return { names: JSON.parse(file.metadata.get("names") ?? "[]") as string[], centres: await rows("centres"), features: await rows("features") };
  } finally {
    await file.close();
  }
}
