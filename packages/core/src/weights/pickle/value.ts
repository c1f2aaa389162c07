/**
 * What a pickle builds here. `T` are the values that the reader's domain gives a meaning (see `PickleDomain`);
 * everything else is plain data.
 */
export type PickleValue<T> =
  | { kind: "none" }
  | { kind: "bool"; value: boolean }
  | { kind: "int"; value: number | bigint }
  | { kind: "float"; value: number }
  | { kind: "text"; value: string }
  | { kind: "bytes"; value: Uint8Array }
  | { kind: "list" | "tuple" | "set"; items: PickleValue<T>[] }
  | { kind: "dict"; entries: [PickleValue<T>, PickleValue<T>][] }
  | { kind: "domain"; value: T };

/** The meaning of everything that is not plain data; nothing a pickle names is ever looked up outside of it. */
export type PickleDomain<T> = {
  /** The value of a global; throws for one that is not on the allow-list. */
  find(module: string, name: string): T;
  /** The value of calling `callee` or making an instance of it. */
  call(callee: T, args: readonly PickleValue<T>[]): PickleValue<T>;
  /** The value that a persistent id stands for. */
  load(id: PickleValue<T>): T;
};
