/** One method's way through a sweep. */
export type Curve = { readonly name: string; readonly points: readonly { readonly x: number; readonly y: number; readonly label: string }[] };

const COLOURS = ["#0057b8", "#d1351b", "#1f8a3b", "#8a3fb0", "#c77700", "#007f86", "#555555", "#000000"];

/** Curves with labelled points over named axes, as SVG. */
export function curvesPlot(title: string, axes: { x: string; y: string }, curves: readonly Curve[]): string {
  const [width, height, left, top, bottom] = [940, 520, 64, 36, 56];
  const right = 380;
  const all = curves.flatMap(({ points }) => points);
  const span = (values: readonly number[]): [number, number] => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const margin = (high - low || 1) * 0.08;
    return [low - margin, high + margin];
  };
  const [xLow, xHigh] = span(all.map(({ x }) => x));
  const [yLow, yHigh] = span(all.map(({ y }) => y));
  const px = (x: number): string => (left + ((width - left - right) * (x - xLow)) / (xHigh - xLow)).toFixed(1);
  const py = (y: number): string => (top + (height - top - bottom) * (1 - (y - yLow) / (yHigh - yLow))).toFixed(1);
  const ticks = Array.from({ length: 5 }, (_, i) => {
    const [x, y] = [xLow + ((xHigh - xLow) * i) / 4, yLow + ((yHigh - yLow) * i) / 4];
    return `<text x="${px(x)}" y="${height - bottom + 18}" text-anchor="middle">${x.toFixed(2)}</text><text x="${left - 8}" y="${py(y)}" text-anchor="end" dy="4">${y.toFixed(2)}</text>`
      + `<path d="M${px(x)} ${top}V${height - bottom}M${left} ${py(y)}H${width - right}" stroke="#eee"/>`;
  });
  const drawn = curves.map(({ name, points }, i) => {
    const colour = COLOURS[i % COLOURS.length] ?? "#000";
    const line = points.map(({ x, y }, k) => `${k === 0 ? "M" : "L"}${px(x)} ${py(y)}`).join("");
    const dots = points.map(({ x, y, label }) => `<circle cx="${px(x)}" cy="${py(y)}" r="4"/><text x="${px(x)}" y="${py(y)}" dx="7" dy="-5">${escape(label)}</text>`).join("");
    const key = `<circle cx="${width - right + 20}" cy="${top + 10 + i * 20}" r="4"/><text x="${width - right + 30}" y="${top + 14 + i * 20}">${escape(name)}</text>`;
    return `<g fill="${colour}"><path d="${line}" fill="none" stroke="${colour}" stroke-width="2"/>${dots}${key}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>
<text x="${left}" y="22" font-size="15">${escape(title)}</text>${ticks.join("")}
<text x="${(left + width - right) / 2}" y="${height - 12}" text-anchor="middle">${escape(axes.x)}</text><text transform="translate(16 ${(top + height - bottom) / 2}) rotate(-90)" text-anchor="middle">${escape(axes.y)}</text>
${drawn.join("\n")}</svg>\n`;
}

const escape = (text: string): string => text.replace(/[&<]/g, (sign) => (sign === "&" ? "&amp;" : "&lt;"));
