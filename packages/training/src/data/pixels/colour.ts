/** sRGB in 0 .. 1. */
export type Rgb = readonly [number, number, number];

/** OKLCH: lightness 0 .. 1, chroma 0 .. about 0.3, hue in degrees (B. Ottosson, "A perceptual color space for image processing", 2020). */
export type Lch = readonly [lightness: number, chroma: number, hue: number];

/** The sRGB colour of an OKLCH one; chroma is lowered until the colour is displayable, lightness and hue stay. */
export function rgbFromLch([lightness, chroma, hue]: Lch): Rgb {
  const x = Math.cos((hue * Math.PI) / 180);
  const y = Math.sin((hue * Math.PI) / 180);
  let high = chroma;
  let rgb = linearFromLab(lightness, high * x, high * y);
  if (!displayable(rgb)) {
    let low = 0;
    for (let step = 0; step < 12; step++) {
      const middle = (low + high) / 2;
      rgb = linearFromLab(lightness, middle * x, middle * y);
      if (displayable(rgb)) low = middle;
      else high = middle;
    }
    rgb = linearFromLab(lightness, low * x, low * y);
  }
  const encode = (value: number) => Math.round(1000 * encoded(Math.min(1, Math.max(0, value)))) / 1000;
  return [encode(rgb[0]), encode(rgb[1]), encode(rgb[2])];
}

/** OKLab coordinates of an sRGB colour: lightness 0 .. 1, green-red, blue-yellow. */
export function labFromRgb([r, g, b]: Rgb): readonly [number, number, number] {
  const lr = linear(r);
  const lg = linear(g);
  const lb = linear(b);
  const l = Math.cbrt(0.4122214708 * lr + 0.5363325363 * lg + 0.0514459929 * lb);
  const m = Math.cbrt(0.2119034982 * lr + 0.6806995451 * lg + 0.1073969566 * lb);
  const s = Math.cbrt(0.0883024619 * lr + 0.2817188376 * lg + 0.6299787005 * lb);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** Lightness 0 .. 1 of a colour in OKLab. */
export function lightnessOf(rgb: Rgb): number {
  return labFromRgb(rgb)[0];
}

/** The colour `amount` of the way from `from` to `to`, in sRGB. */
export function mixed(from: Rgb, to: Rgb, amount: number): Rgb {
  return [from[0] + (to[0] - from[0]) * amount, from[1] + (to[1] - from[1]) * amount, from[2] + (to[2] - from[2]) * amount];
}

export const BLACK: Rgb = [0, 0, 0];
export const WHITE: Rgb = [1, 1, 1];

function linearFromLab(lightness: number, a: number, b: number): Rgb {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function displayable(rgb: Rgb): boolean {
  return rgb.every((value) => value >= -1e-4 && value <= 1 + 1e-4);
}

function encoded(value: number): number {
  return value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
}

function linear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}
