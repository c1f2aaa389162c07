import type { ReactNode } from "react";
import { resolve, type ApiDocument, type Schema } from "./document";

const DEEPEST = 5;

/** A schema's type in a word. */
export const typeName = (schema: Schema, schemas: ApiDocument["schemas"]): string => {
  const { schema: own, name } = resolve(schema, schemas);
  if (name !== undefined) return name;
  if (own.const !== undefined) return JSON.stringify(own.const);
  if (own.enum !== undefined) return own.enum.length > 4 ? "enum" : own.enum.map((value) => JSON.stringify(value)).join(" | ");
  const branches = own.anyOf ?? own.oneOf;
  if (branches !== undefined) return [...new Set(branches.map((branch) => typeName(branch, schemas)))].join(" | ");
  if (own.items !== undefined) return `${typeName(own.items, schemas)}[]`;
  const type = typeof own.type === "string" ? own.type : (own.type ?? ["any"]).join(" | ");
  return own.format === undefined ? type : `${type}, ${own.format}`;
};

const limitsOf = ({ minimum, maximum, minItems, maxItems, maxLength, enum: values }: Schema): string[] => [
  ...(minimum !== undefined && maximum !== undefined && Math.abs(maximum) < Number.MAX_SAFE_INTEGER ? [`${minimum} to ${maximum}`] : minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? [`at least ${minimum}`] : []),
  ...(maxItems !== undefined ? [`${minItems ?? 0} to ${maxItems} of them`] : []),
  ...(maxLength !== undefined ? [`up to ${maxLength} characters`] : []),
  ...(values !== undefined && values.length > 4 ? [values.join(", ")] : []),
];

/** A parameter or property: name, type, what it may be, what it means. */
export const Entry = ({ name, schema, schemas, required, note, children }: { readonly name: string; readonly schema: Schema; readonly schemas: ApiDocument["schemas"]; readonly required: boolean; readonly note?: string | undefined; readonly children?: ReactNode }) => {
  const { schema: own } = resolve(schema, schemas);
  const about = note ?? schema.description ?? own.description;
  return (
    <li className="grid gap-0.5 py-2">
      <p className="flex flex-wrap items-baseline gap-x-2">
        <code className="font-mono text-xs font-medium">{name}</code>
        <span className="font-mono text-xs break-words text-faint">{typeName(schema, schemas)}</span>
        {required && <span className="text-xs text-warn">required</span>}
        {own.default !== undefined && <span className="text-xs text-faint">default {JSON.stringify(own.default)}</span>}
      </p>
      {about !== undefined && <p className="text-xs text-muted">{about}</p>}
      {limitsOf(own).map((limit) => (
        <p key={limit} className="text-xs text-faint">{limit}</p>
      ))}
      {children}
    </li>
  );
};

/** The object behind a schema, if there is one to unfold. */
const objectOf = (schema: Schema, schemas: ApiDocument["schemas"]): Schema | undefined => {
  const { schema: own } = resolve(schema, schemas);
  if (own.properties !== undefined) return own;
  if (own.items !== undefined) return objectOf(own.items, schemas);
  const objects = (own.anyOf ?? own.oneOf ?? []).map((branch) => objectOf(branch, schemas)).filter((branch) => branch !== undefined);
  return objects.length === 1 ? objects[0] : undefined;
};

const branchesOf = (schema: Schema, schemas: ApiDocument["schemas"]): readonly Schema[] => {
  const { schema: own } = resolve(schema, schemas);
  const branches = own.items === undefined ? (own.anyOf ?? own.oneOf ?? []) : branchesOf(own.items, schemas);
  const objects = branches.filter((branch) => objectOf(branch, schemas) !== undefined);
  return objects.length > 1 ? objects : [];
};

/** The properties of an object, deeper ones folded. */
export const SchemaView = ({ schema, schemas, depth = 0 }: { readonly schema: Schema; readonly schemas: ApiDocument["schemas"]; readonly depth?: number }) => {
  const object = objectOf(schema, schemas);
  const branches = branchesOf(schema, schemas);
  if (branches.length > 0) {
    return (
      <div className="grid gap-2">
        {branches.map((branch, i) => (
          <div key={i}>
            <p className="text-xs text-faint">{i === 0 ? "either" : "or"}</p>
            <SchemaView schema={branch} schemas={schemas} depth={depth} />
          </div>
        ))}
      </div>
    );
  }
  if (object === undefined) return <p className="py-2 font-mono text-xs text-faint">{typeName(schema, schemas)}</p>;
  return (
    <ul className="divide-y">
      {Object.entries(object.properties ?? {}).map(([name, property]) => {
        const deeper = depth < DEEPEST && (objectOf(property, schemas) !== undefined || branchesOf(property, schemas).length > 0);
        return (
          <Entry key={name} name={name} schema={property} schemas={schemas} required={object.required?.includes(name) === true}>
            {deeper && (
              <details className="mt-1 rounded-md border px-3 open:pb-1">
                <summary className="py-1.5 text-xs text-muted">Its parts</summary>
                <SchemaView schema={property} schemas={schemas} depth={depth + 1} />
              </details>
            )}
          </Entry>
        );
      })}
    </ul>
  );
};
