/**
 * Turns one straight RGBA picture into a premultiplied one of a whole fraction of its side: averages blocks of `step` x `step`
 * pixels, colours weighted by their alpha. `to` must be zero where it is written.
 */
export function shrink(from: Uint8Array, start: number, side: number, step: number, to: Uint8Array, offset: number): void {
  const size = side / step;
  const share = 1 / (step * step);
  const colourShare = share / 255;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let r = 0;
      let g = 0;
      let b = 0;
      let a = 0;
      for (let v = 0; v < step; v++) {
        let j = start + ((y * step + v) * side + x * step) * 4;
        for (let u = 0; u < step; u++, j += 4) {
          const alpha = from[j + 3] ?? 0;
          if (alpha === 0) continue;
          r += (from[j] ?? 0) * alpha;
          g += (from[j + 1] ?? 0) * alpha;
          b += (from[j + 2] ?? 0) * alpha;
          a += alpha;
        }
      }
      // The memory is zero already where nothing is drawn, which is half of it.
      if (a === 0) continue;
      const k = offset + (y * size + x) * 4;
      to[k] = r * colourShare + 0.5;
      to[k + 1] = g * colourShare + 0.5;
      to[k + 2] = b * colourShare + 0.5;
      to[k + 3] = a * share + 0.5;
    }
  }
}
