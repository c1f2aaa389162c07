/**
 * Principal components by the cyclic Jacobi method (Golub & Van Loan, "Matrix Computations", 8.5): eigenvalues falling,
 * eigenvectors as rows.
 * @param covariance symmetric, row-major [n, n]
 */
export function eigen(covariance: Float64Array, n: number): { values: Float64Array; vectors: Float64Array[] } {
  // As rows, which are arrays of their own: a rotation then runs along memory, and columns are rows by symmetry.
  const a = Array.from({ length: n }, (_, i) => covariance.slice(i * n, (i + 1) * n));
  const v = Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (__, j) => (i === j ? 1 : 0)));
  const diagonal = (i: number): number => a[i]?.[i] ?? 0;
  // Of the whole: what rounding leaves beside the diagonal stays some hundred times below it.
  const negligible = 1e-24 * covariance.reduce((sum, x) => sum + x * x, 0);
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    a.forEach((row, p) => { for (let q = p + 1; q < n; q++) off += (row[q] ?? 0) ** 2; });
    if (off <= negligible) break;
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) rotate(p, q);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => diagonal(j) - diagonal(i));
  return { values: Float64Array.from(order, (i) => Math.max(0, diagonal(i))), vectors: order.flatMap((i) => v[i] ?? []) };

  function rotate(p: number, q: number): void {
    const [ap, aq, vp, vq] = [a[p], a[q], v[p], v[q]];
    const apq = ap?.[q] ?? 0;
    if (ap === undefined || aq === undefined || vp === undefined || vq === undefined || Math.abs(apq) < 1e-300) return;
    const [app, aqq] = [diagonal(p), diagonal(q)];
    const theta = (aqq - app) / (2 * apq);
    const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
    const c = 1 / Math.sqrt(t * t + 1), s = t * c;
    rotateRows(ap, aq, c, s);
    rotateRows(vp, vq, c, s);
    for (let k = 0; k < n; k++) {
      const row = a[k];
      if (row === undefined) continue;
      row[p] = ap[k] ?? 0;
      row[q] = aq[k] ?? 0;
    }
    [ap[p], aq[q]] = [app - t * apq, aqq + t * apq];
    ap[q] = aq[p] = 0;
  }
}

function rotateRows(x: Float64Array, y: Float64Array, c: number, s: number): void {
  for (let k = 0; k < x.length; k++) {
    const [xk, yk] = [x[k] ?? 0, y[k] ?? 0];
    x[k] = c * xk - s * yk;
    y[k] = s * xk + c * yk;
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
