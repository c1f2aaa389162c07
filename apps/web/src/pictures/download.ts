/** Saves what is at a signed address under a file name, byte by byte: the parameters inside stay. */
export const download = async (url: string, name: string): Promise<void> => {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`the store answered ${answer.status}`);
  const address = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = name.replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(0, 120);
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
};
