/**
 * Sizes of axes: numbers, or polynomials with integer coefficients over named symbols.
 *
 * A graph for any batch and picture size is traced with symbols, for instance `h = 8u` for a latent height that three
 * stride-2 convolutions must divide. Polynomials are closed under everything shapes need (sum, product, exact
 * division), and equality is structural, so a shape error is found while tracing, not at run time.
 */
export type Dim = number | SymbolicDim;

/** Monomial (sorted symbols joined by `*`, `""` for the constant) -> non-zero integer coefficient. */
export type SymbolicDim = { readonly terms: ReadonlyMap<string, number> };

export type Shape = readonly Dim[];

/** A free axis size, such as the batch: any positive integer at run time. */
export function symbol(name: string): SymbolicDim {
  if (!/^[A-Za-z]\w*$/.test(name)) throw new RangeError(`symbol: "${name}" is not a name`);
  return { terms: new Map([[name, 1]]) };
}

const termsOf = (d: Dim): ReadonlyMap<string, number> => (typeof d === "number" ? new Map([["", d]]) : d.terms);

function fromTerms(terms: Map<string, number>): Dim {
  for (const [monomial, coefficient] of terms) if (coefficient === 0) terms.delete(monomial);
  if (terms.size === 0) return 0;
  const constant = terms.get("");
  return terms.size === 1 && constant !== undefined ? constant : { terms };
}

export function addDims(a: Dim, b: Dim): Dim {
  const sum = new Map(termsOf(a));
  for (const [monomial, coefficient] of termsOf(b)) sum.set(monomial, (sum.get(monomial) ?? 0) + coefficient);
  return fromTerms(sum);
}

export function mulDims(a: Dim, b: Dim): Dim {
  const product = new Map<string, number>();
  for (const [m, x] of termsOf(a)) {
    for (const [n, y] of termsOf(b)) {
      const monomial = [...m.split("*"), ...n.split("*")].filter(Boolean).sort().join("*");
      product.set(monomial, (product.get(monomial) ?? 0) + x * y);
    }
  }
  return fromTerms(product);
}

/**
 * floor(a / n), defined where every symbolic coefficient of `a` is a multiple of `n` (then only the constant is rounded).
 * @throws RangeError where the quotient is no polynomial: the symbol should have been declared as a multiple.
 */
export function floorDivDim(a: Dim, n: number): Dim {
  const quotient = new Map<string, number>();
  for (const [monomial, coefficient] of termsOf(a)) {
    if (monomial !== "" && coefficient % n !== 0) {
      throw new RangeError(`${dimText(a)} is not divisible by ${n}: declare the symbol as a multiple of ${n}`);
    }
    quotient.set(monomial, Math.floor(coefficient / n));
  }
  return fromTerms(quotient);
}

export function sameDim(a: Dim, b: Dim): boolean {
  if (typeof a === "number" || typeof b === "number") return a === b;
  return a.terms.size === b.terms.size && [...a.terms].every(([m, c]) => b.terms.get(m) === c);
}

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((d, i) => sameDim(d, at(b, i)));

/** Number of elements. */
export const sizeOf = (shape: Shape): Dim => shape.reduce<Dim>(mulDims, 1);

/** The sizes as numbers. @throws RangeError where one is symbolic. */
export function staticShape(shape: Shape): number[] {
  return shape.map((d) => {
    if (typeof d !== "number") throw new RangeError(`${shapeText(shape)} must be static here`);
    return d;
  });
}

/** The value of a size once its symbols are known. @throws RangeError for an unknown symbol. */
export function evaluateDim(d: Dim, symbols: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const [monomial, coefficient] of termsOf(d)) {
    let product = coefficient;
    for (const name of monomial.split("*").filter(Boolean)) {
      const value = symbols.get(name);
      if (value === undefined) throw new RangeError(`symbol ${name} has no value`);
      product *= value;
    }
    total += product;
  }
  return total;
}

export function dimText(d: Dim): string {
  return [...termsOf(d)]
    .sort(([m], [n]) => (m === "" ? 1 : n === "" ? -1 : m < n ? -1 : 1))
    .map(([m, c]) => (m === "" ? String(c) : c === 1 ? m : `${c}*${m}`))
    .join("+") || "0";
}

export const shapeText = (shape: Shape): string => `[${shape.map(dimText).join(", ")}]`;

/** `list[i]`, negative `i` from the end. @throws RangeError out of range. */
export function at<T>(list: readonly T[], i: number): T {
  const item = list.at(i);
  if (item === undefined) throw new RangeError(`index ${i} is outside a list of ${list.length}`);
  return item;
}
