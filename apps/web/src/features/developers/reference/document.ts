"use client";

import { useQuery } from "@tanstack/react-query";

/** The parts of a JSON schema that the reference shows. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly additionalProperties?: boolean | Schema;
}

interface Media {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
  readonly description?: string;
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}

/** One call, with where it is. */
export interface Operation {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Media;
  readonly responses: Readonly<Record<string, Media>>;
}

/** The API's description, taken apart. */
export interface ApiDocument {
  readonly baseUrl: string;
  readonly description: string;
  readonly operations: readonly Operation[];
  readonly schemas: Readonly<Record<string, Schema>>;
}

interface Raw {
  readonly servers: readonly { readonly url: string }[];
  readonly info: { readonly description?: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Omit<Operation, "method" | "path">>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** Reads an OpenAPI document of ours. */
export const readDocument = (raw: Raw): ApiDocument => ({
  baseUrl: raw.servers[0]?.url ?? "/v1",
  description: raw.info.description ?? "",
  operations: Object.entries(raw.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path }))),
  schemas: raw.components?.schemas ?? {},
});

/** The API's own description of itself. */
export const useApiDocument = () =>
  useQuery({
    queryKey: ["openapi"],
    staleTime: Infinity,
    queryFn: async ({ signal }): Promise<ApiDocument> => {
      const answer = await fetch("/openapi.json", { signal });
      if (!answer.ok) throw new Error(`openapi.json: ${answer.status}`);
      return readDocument((await answer.json()) as Raw);
    },
  });

/** The body of JSON, if there is one. */
export const jsonSchema = (media: Media | undefined): Schema | undefined => media?.content?.["application/json"]?.schema ?? media?.content?.["application/problem+json"]?.schema;

/** The schema that a reference points to, and its name. */
export const resolve = (schema: Schema, schemas: ApiDocument["schemas"]): { readonly schema: Schema; readonly name?: string } => {
  const name = /^#\/components\/schemas\/(.+)$/.exec(schema.$ref ?? "")?.[1];
  const found = name === undefined ? undefined : schemas[name];
  return name === undefined || found === undefined ? { schema } : { schema: found, name };
};
