/**
 * The one operation that samplers are made of: a x + b y, in float64 and rounded once. Plain loops, because
 * `Float32Array.prototype.map` takes ten times as long and a step of a small model is short.
 */
export function linear(a: number, x: Float32Array, b: number, y: Float32Array): Float32Array {
  const sum = new Float32Array(x.length);
  // A y that is too short gives NaN, which the next evaluation of the network reports.
  for (let i = 0; i < sum.length; i++) sum[i] = a * (x[i] ?? NaN) + b * (y[i] ?? NaN);
  return sum;
}

/** The sum of weight times array over all terms, in float64 and rounded once. */
export function weightedSum(terms: readonly { weight: number; values: Float32Array }[]): Float32Array {
  const sum = new Float64Array(terms[0]?.values.length ?? 0);
  for (const { weight, values } of terms) {
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? NaN) + weight * (values[i] ?? NaN);
  }
  return new Float32Array(sum);
}

/** a x. */
export function scaled(a: number, x: Float32Array): Float32Array {
  const product = new Float32Array(x.length);
  for (let i = 0; i < product.length; i++) product[i] = a * (x[i] ?? NaN);
  return product;
}

/** Whether no number is NaN or infinite. Built-in searches: a loop of few calls is interpreted, at fifty times their cost. */
export function allFinite(x: Float32Array): boolean {
  return !x.includes(NaN) && !x.includes(Infinity) && !x.includes(-Infinity);
}
