/** A loss curve over samples as SVG: faint raw values, a running mean over them. */
export function lossPlot(title: string, points: readonly { samples: number; loss: number }[]): string {
  const [width, height, left, bottom] = [720, 360, 60, 40];
  const finite = points.filter((p) => Number.isFinite(p.loss));
  const xMax = Math.max(1, ...finite.map((p) => p.samples));
  const sorted = finite.map((p) => p.loss).sort((a, b) => a - b);
  // The first steps are far above the rest and would flatten the curve.
  const yMax = (sorted[Math.floor(sorted.length * 0.98)] ?? 1) * 1.1;
  const yMin = (sorted[0] ?? 0) * 0.9;
  const x = (samples: number): number => left + ((width - left - 10) * samples) / xMax;
  const y = (loss: number): number => 10 + (height - bottom - 10) * (1 - Math.min(1, Math.max(0, (loss - yMin) / (yMax - yMin || 1))));
  const path = (values: readonly { samples: number; loss: number }[]): string =>
    values.map((p, i) => `${i === 0 ? "M" : "L"}${x(p.samples).toFixed(1)} ${y(p.loss).toFixed(1)}`).join("");
  let mean = finite[0]?.loss ?? 0;
  const smooth = finite.map(({ samples, loss }) => ({ samples, loss: (mean += (loss - mean) * 0.1) }));
  const ticks = Array.from({ length: 5 }, (_, i) => {
    const [sx, ly] = [(xMax * i) / 4, yMin + ((yMax - yMin) * i) / 4];
    return `<text x="${x(sx)}" y="${height - 20}" text-anchor="middle">${Math.round(sx / 1000)}k</text><text x="${left - 8}" y="${y(ly) + 4}" text-anchor="end">${ly.toPrecision(3)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>
<text x="${width / 2}" y="24" text-anchor="middle" font-size="14">${title}: loss over samples</text>${ticks.join("")}
<path d="${path(finite)}" fill="none" stroke="#9bd" stroke-width="1"/><path d="${path(smooth)}" fill="none" stroke="#06c" stroke-width="2"/></svg>\n`;
}
