import { resolve, type ApiDocument, type Schema } from "./document";

const DEEPEST = 6;

/** A value that a schema allows: its own example, or what must be there. */
export const exampleOf = (schema: Schema, schemas: ApiDocument["schemas"], depth = 0): unknown => {
  const { schema: own } = resolve(schema, schemas);
  if (own.examples?.[0] !== undefined) return own.examples[0];
  if (own.default !== undefined) return own.default;
  if (own.const !== undefined) return own.const;
  if (own.enum !== undefined) return own.enum[0];
  const [branch] = own.anyOf ?? own.oneOf ?? [];
  if (branch !== undefined) return exampleOf(branch, schemas, depth + 1);
  const type = typeof own.type === "string" ? own.type : own.type?.[0];
  switch (type) {
    case "object": {
      if (depth > DEEPEST) return {};
      const entries = Object.entries(own.properties ?? {}).filter(([name]) => own.required?.includes(name) === true);
      return Object.fromEntries(entries.map(([name, property]) => [name, exampleOf(property, schemas, depth + 1)]));
    }
    case "array":
      return own.items === undefined || depth > DEEPEST ? [] : [exampleOf(own.items, schemas, depth + 1)];
    case "integer":
    case "number":
      return own.minimum ?? 1;
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return own.format === "date-time" ? "2026-01-01T00:00:00Z" : own.format === "uri" ? "https://example.com" : "…";
  }
};
