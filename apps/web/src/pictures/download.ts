import { saveAs } from "./save-as";

/** Saves what is at a signed address under a file name, byte by byte: the parameters inside stay. */
export const download = async (url: string, name: string): Promise<void> => {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`the store answered ${answer.status}`);
  saveAs(await answer.blob(), name);
};
