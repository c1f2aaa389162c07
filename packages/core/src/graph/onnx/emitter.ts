import { create } from "@bufbuild/protobuf";
import { dimText, evaluateDim, shapeText } from "../dim.ts";
import type { Dim, Shape, SymbolicDim } from "../dim.ts";
import type { Graph } from "../graph.ts";
import type { DType } from "../tensor.ts";
import { ATTRIBUTE, EXTERNAL, ONNX_DTYPE, ORT_DOMAIN } from "./format.ts";
import { AttributeProtoSchema, NodeProtoSchema, TensorProtoSchema } from "./onnx_pb.ts";
import type { AttributeProto, NodeProto, TensorProto } from "./onnx_pb.ts";

export type Attributes = Readonly<Record<string, number | { float: number } | readonly number[] | string>>;

/** Where a weight's bytes lie: a range of a file beside the graph, little-endian, row-major. */
export type ExternalLocation = { file: string; offset: number; bytes: number; dtype: "float32" | "float16" };

/** Collects the nodes and initializers of one ONNX graph under fresh names. */
export class Emitter {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly #shared = new Map<string, string>();
  readonly #symbolSource: ReadonlyMap<string, { input: string; axis: number; factor: number }>;
  #count = 0;

  constructor(graph: Graph) {
    this.#symbolSource = symbolSources(graph);
  }

  fresh(hint: string): string {
    return `${hint}_${this.#count++}`;
  }

  /** Adds a node and returns the name of its first output. Attribute integers are INT, `{float}` FLOAT, arrays INTS. */
  emit(opType: string, inputs: readonly string[], attributes: Attributes = {}, options: { contrib?: boolean; output?: string } = {}): string {
    const output = options.output ?? this.fresh(opType.toLowerCase());
    this.nodes.push(create(NodeProtoSchema, {
      opType,
      name: output,
      input: [...inputs],
      output: [output],
      domain: options.contrib === true ? ORT_DOMAIN : "",
      attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    }));
    return output;
  }

  /** An initializer of the given values; equal small ones are shared. */
  constant(values: ArrayLike<number>, shape: readonly number[], dtype: DType): string {
    const key = values.length <= 64 ? `${dtype}${shapeText(shape)} ${Array.from(values).join()}` : null;
    const known = key === null ? undefined : this.#shared.get(key);
    if (known !== undefined) return known;
    const name = this.fresh("const");
    this.initializers.push(create(TensorProtoSchema, { name, dims: shape.map(BigInt), dataType: ONNX_DTYPE[dtype], rawData: rawBytes(values, dtype) }));
    if (key !== null) this.#shared.set(key, name);
    return name;
  }

  ints(values: readonly number[]): string {
    return this.constant(values, [values.length], "int64");
  }

  /** An initializer whose bytes stay in a file of their own. */
  external(name: string, shape: readonly number[], at: ExternalLocation): string {
    const entries = { location: at.file, offset: String(at.offset), length: String(at.bytes) };
    this.initializers.push(create(TensorProtoSchema, {
      name,
      dims: shape.map(BigInt),
      dataType: ONNX_DTYPE[at.dtype],
      dataLocation: EXTERNAL,
      externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
    }));
    return name;
  }

  /** An int64 vector with the sizes of `shape`: a constant, or computed from the shapes of the graph's inputs. */
  shape(shape: Shape): string {
    if (shape.every((d) => typeof d === "number")) return this.ints(shape);
    const key = `shape ${shapeText(shape)}`;
    return this.#share(key, () => this.emit("Concat", shape.map((d) => this.#dim(d)), { axis: 0 }));
  }

  /** A size as an int64 vector of one. */
  #dim(d: Dim): string {
    if (typeof d === "number") return this.ints([d]);
    return this.#share(`dim ${dimText(d)}`, () => {
      const terms = [...d.terms].map(([monomial, coefficient]) => {
        const factors = monomial.split("*").filter(Boolean).map((name) => this.#symbol(name));
        if (coefficient !== 1 || factors.length === 0) factors.push(this.ints([coefficient]));
        return factors.reduce((a, b) => this.emit("Mul", [a, b]));
      });
      return terms.reduce((a, b) => this.emit("Add", [a, b]));
    });
  }

  #symbol(name: string): string {
    return this.#share(`symbol ${name}`, () => {
      const source = this.#symbolSource.get(name);
      if (source === undefined) throw new TypeError(`onnx: no input has an axis that tells the symbol ${name}`);
      const size = this.emit("Shape", [source.input], { start: source.axis, end: source.axis + 1 });
      return source.factor === 1 ? size : this.emit("Div", [size, this.ints([source.factor])]);
    });
  }

  #share(key: string, make: () => string): string {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#shared.set(key, made);
    return made;
  }
}

/** For each symbol an input axis of size factor x symbol. */
function symbolSources(graph: Graph): Map<string, { input: string; axis: number; factor: number }> {
  const sources = new Map<string, { input: string; axis: number; factor: number }>();
  for (const { op, shape } of graph.inputs) {
    if (op.kind !== "input") continue;
    for (const [axis, d] of shape.entries()) {
      const name = typeof d === "number" ? null : loneSymbol(d);
      if (name === null || typeof d === "number" || sources.has(name)) continue;
      sources.set(name, { input: op.name, axis, factor: evaluateDim(d, new Map([[name, 1]])) });
    }
  }
  return sources;
}

function loneSymbol(d: SymbolicDim): string | null {
  const [only, ...rest] = d.terms.keys();
  return only === undefined || rest.length > 0 || only === "" || only.includes("*") ? null : only;
}

function attribute(name: string, value: Attributes[string]): AttributeProto {
  if (typeof value === "number") return create(AttributeProtoSchema, { name, type: ATTRIBUTE.int, i: BigInt(value) });
  if (typeof value === "string") return create(AttributeProtoSchema, { name, type: ATTRIBUTE.string, s: new TextEncoder().encode(value) });
  if ("float" in value) return create(AttributeProtoSchema, { name, type: ATTRIBUTE.float, f: value.float });
  return create(AttributeProtoSchema, { name, type: ATTRIBUTE.ints, ints: value.map(BigInt) });
}

function rawBytes(values: ArrayLike<number>, dtype: DType): Uint8Array {
  switch (dtype) {
    case "float32": return new Uint8Array(Float32Array.from(values).buffer);
    case "float16": return new Uint8Array(Float16Array.from(values).buffer);
    case "int64": return new Uint8Array(BigInt64Array.from(Array.from(values, BigInt)).buffer);
    case "bool": return Uint8Array.from(values, (v) => (v === 0 ? 0 : 1));
  }
}
