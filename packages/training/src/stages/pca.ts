import { Matrix } from "ml-matrix";
import { principalAxes } from "../principal.ts";

/**
 * The linear path of an autoencoder from the principal components of square patches. Latent channels are scaled by
 * eigenvalue^(-1/4), half way to whitening: a diffusion model then neither spends its loss on the faintest components
 * nor leaves them to noise, which would show as grain; the mean variance of a channel is 1.
 *
 * @param pixels -1..1 [count, 3, size, size]
 * @returns weights of `vae.encoder.linear` and `vae.decoder.linear`, and the share of variance that the components keep
 */
export function linearPath(pixels: Float32Array, size: number, patch: number, channels: number): { weights: Map<string, Float32Array>; kept: number } {
  const n = 3 * patch * patch;
  const perSide = size / patch;
  const count = pixels.length / (3 * size * size);
  const mean = new Float64Array(n), covariance = new Float64Array(n * n);
  const row = new Float64Array(n);
  let rows = 0;
  for (let b = 0; b < count; b++) for (let py = 0; py < perSide; py++) for (let px = 0; px < perSide; px++) {
    for (let c = 0; c < 3; c++) for (let y = 0; y < patch; y++) for (let x = 0; x < patch; x++) {
      row[(c * patch + y) * patch + x] = pixels[((b * 3 + c) * size + py * patch + y) * size + px * patch + x] ?? 0;
    }
    rows++;
    for (let i = 0; i < n; i++) {
      const ri = row[i] ?? 0;
      mean[i] = (mean[i] ?? 0) + ri;
      for (let j = i; j < n; j++) covariance[i * n + j] = (covariance[i * n + j] ?? 0) + ri * (row[j] ?? 0);
    }
  }
  for (let i = 0; i < n; i++) mean[i] = (mean[i] ?? 0) / rows;
  const spread = new Matrix(n, n);
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) {
    const value = (covariance[i * n + j] ?? 0) / rows - (mean[i] ?? 0) * (mean[j] ?? 0);
    spread.set(i, j, value);
    spread.set(j, i, value);
  }
  const { values, vectors } = principalAxes(spread);
  const kept = values.slice(0, channels);
  const unit = 1 / Math.sqrt(kept.reduce((sum, l) => sum + Math.sqrt(l), 0) / channels);
  const encode = new Float32Array(channels * n), encodeBias = new Float32Array(channels), decode = new Float32Array(n * channels);
  vectors.slice(0, channels).forEach((u, c) => {
    const gain = unit * (values[c] ?? 1) ** -0.25;
    u.forEach((value, i) => {
      encode[c * n + i] = value * gain;
      decode[i * channels + c] = value / gain;
      encodeBias[c] = (encodeBias[c] ?? 0) - value * gain * (mean[i] ?? 0);
    });
  });
  const total = values.reduce((a, b) => a + b, 0);
  return {
    kept: kept.reduce((a, b) => a + b, 0) / total,
    weights: new Map([
      ["vae.encoder.linear.weight", encode], ["vae.encoder.linear.bias", encodeBias],
      ["vae.decoder.linear.weight", decode], ["vae.decoder.linear.bias", Float32Array.from(mean)],
    ]),
  };
}
