import { API_ERRORS, problemSchema } from "@deadiff/schemas";
import { z } from "zod";
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from "zod-openapi";
import { pathInputs, restRoutes, type Route } from "./routes.ts";

const HEADER_NAMES = { idempotency_key: "Idempotency-Key", known_etag: "If-None-Match", wait_s: "Prefer" } as const;
const problem = { description: "A problem document", content: { "application/problem+json": { schema: problemSchema } } };

const operation = (route: Route): ZodOpenApiOperationObject => {
  const { rest, input, output } = route;
  const inPath = pathInputs(rest.path);
  const inHeaders: readonly string[] = rest.headers ?? [];
  const elsewhere = Object.fromEntries([...inPath, ...inHeaders].map((name) => [name, true as const]));
  const pick = (names: readonly string[]) => z.object(Object.fromEntries(names.flatMap((name) => (input.shape[name] === undefined ? [] : [[name, input.shape[name]]]))));
  const rest_ = z.strictObject(Object.fromEntries(Object.entries(input.shape).filter(([name]) => elsewhere[name] === undefined)));
  const status = String(rest.status ?? 200) as "200";
  return {
    operationId: route.procedure.replaceAll(".", "_"),
    summary: rest.summary,
    tags: [route.procedure.split(".")[0] ?? ""],
    ...(route.scope === undefined ? { security: [] } : { description: `Scope: \`${route.scope}\`.` }),
    requestParams: {
      ...(inPath.length > 0 ? { path: pick(inPath) } : {}),
      ...(route.hasBody ? {} : { query: rest_ }),
      ...(rest.headers === undefined ? {} : { header: z.object(Object.fromEntries(rest.headers.map((name) => [HEADER_NAMES[name], z.string().optional()]))) }),
    },
    ...(route.hasBody && Object.keys(rest_.shape).length > 0 ? { requestBody: { required: true, content: { "application/json": { schema: rest_ } } } } : {}),
    responses: {
      [status]: { description: "Done", content: { "application/json": { schema: output } } },
      default: problem,
    },
  };
};

const EVENTS: ZodOpenApiOperationObject = {
  operationId: "jobs_watch",
  summary: "Follow a job as server-sent events; resumes after `Last-Event-ID`",
  description: "Events `job` carry a job and its version as id; events `progress` carry phase, step, total and preview. Scope: `jobs:read`.",
  tags: ["jobs"],
  requestParams: { path: z.object({ id: z.string() }), header: z.object({ "Last-Event-ID": z.string().optional() }) },
  responses: { "200": { description: "The stream", content: { "text/event-stream": { schema: z.string() } } }, default: problem },
};

/** The OpenAPI 3.1 document of the REST mirror, made from the procedures themselves. */
export const openApiDocument = (): ReturnType<typeof createDocument> => {
  const paths: ZodOpenApiPathsObject = { "/jobs/{id}/events": { get: EVENTS } };
  for (const route of restRoutes()) {
    const method = route.rest.method.toLowerCase() as "get" | "post" | "put" | "patch" | "delete";
    paths[route.rest.path] = { ...paths[route.rest.path], [method]: operation(route) };
  }
  return createDocument({
    openapi: "3.1.0",
    info: {
      title: "DEADiff Studio",
      version: "1",
      description: `Stylized pictures from references and prompts. Problems are RFC 9457 documents; their codes: ${Object.keys(API_ERRORS).join(", ")}.`,
    },
    servers: [{ url: "/v1" }],
    security: [{ apiKey: [] }],
    components: { securitySchemes: { apiKey: { type: "http", scheme: "bearer", bearerFormat: "dd_live_... or dd_test_..." } } },
    paths,
  });
};
