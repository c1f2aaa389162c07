/** Each row spreads 1 over the other rows of the same label; all zeros where there is none. // [B, B] */
export function positives(labels: readonly string[]): Float32Array {
  const size = labels.length;
  const out = new Float32Array(size * size);
  labels.forEach((label, i) => {
    const others = labels.flatMap((other, j) => (j !== i && other === label ? [j] : []));
    for (const j of others) out[i * size + j] = 1 / others.length;
  });
  return out;
}
