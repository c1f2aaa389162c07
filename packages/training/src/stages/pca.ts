/**
 * Principal components by the cyclic Jacobi method (Golub & Van Loan, "Matrix Computations", 8.5): eigenvalues falling,
 * eigenvectors as rows.
 * @param covariance symmetric, row-major [n, n]
 */
export function eigen(covariance: Float64Array, n: number): { values: Float64Array; vectors: Float64Array[] } {
  const a = covariance.slice();
  const v = Float64Array.from({ length: n * n }, (_, i) => (Math.floor(i / n) === i % n ? 1 : 0));
  const get = (m: Float64Array, i: number, j: number): number => m[i * n + j] ?? 0;
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += get(a, p, q) ** 2;
    if (off < 1e-20 * n * n) break;
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) rotate(p, q);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => get(a, j, j) - get(a, i, i));
  return { values: Float64Array.from(order, (i) => Math.max(0, get(a, i, i))), vectors: order.map((i) => Float64Array.from({ length: n }, (_, k) => get(v, k, i))) };

  function rotate(p: number, q: number): void {
    const apq = get(a, p, q);
    if (Math.abs(apq) < 1e-300) return;
    const theta = (get(a, q, q) - get(a, p, p)) / (2 * apq);
    const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
    const c = 1 / Math.sqrt(t * t + 1), s = t * c;
    for (let k = 0; k < n; k++) {
      const [akp, akq] = [get(a, k, p), get(a, k, q)];
      a[k * n + p] = c * akp - s * akq;
      a[k * n + q] = s * akp + c * akq;
    }
    for (let k = 0; k < n; k++) {
      const [apk, aqk] = [get(a, p, k), get(a, q, k)];
      a[p * n + k] = c * apk - s * aqk;
      a[q * n + k] = s * apk + c * aqk;
      const [vkp, vkq] = [get(v, k, p), get(v, k, q)];
      v[k * n + p] = c * vkp - s * vkq;
      v[k * n + q] = s * vkp + c * vkq;
    }
  }
}

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
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) {
    const value = (covariance[i * n + j] ?? 0) / rows - (mean[i] ?? 0) * (mean[j] ?? 0);
    covariance[i * n + j] = value;
    covariance[j * n + i] = value;
  }
  const { values, vectors } = eigen(covariance, n);
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
