import type { AnyProcedure } from "@trpc/server";
import { z } from "zod";
import { appRouter } from "../router/index.ts";
import type { Meta, RestRoute } from "../trpc.ts";

/** A procedure of the REST mirror. */
export interface Route {
  /** `jobs.create`. */
  readonly procedure: string;
  readonly rest: RestRoute;
  readonly scope: string | undefined;
  readonly input: z.ZodObject;
  readonly output: z.ZodType;
  /** Whether inputs come as a JSON body (and not in the query). */
  readonly hasBody: boolean;
}

const isObject = (schema: unknown): schema is z.ZodObject => schema instanceof z.ZodObject;

/** The REST mirror: every procedure that says how it appears there. Throws for one without an object input or an output. */
export const restRoutes = (): Route[] =>
  Object.entries(appRouter._def.procedures as unknown as Record<string, AnyProcedure>).flatMap(([procedure, { _def }]) => {
    const { rest, scope } = (_def.meta ?? {}) as Meta;
    if (rest === undefined) return [];
    const { inputs, output } = _def as unknown as { inputs: unknown[]; output: unknown };
    const [input] = inputs;
    if (!isObject(input) || !(output instanceof z.ZodType)) throw new Error(`${procedure}: the REST mirror needs an object input and an output schema`);
    return [{ procedure, rest, scope, input, output, hasBody: rest.method !== "GET" && rest.method !== "DELETE" }];
  });

/** Names of the inputs that stand in the path. */
export const pathInputs = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");
