import { ApiError } from "@deadiff/schemas";
import { z } from "zod";
import type { Route } from "./routes.ts";

type Kind = "number" | "boolean" | "string";

/** How each input of a query string is to be read. */
export const queryKinds = (input: z.ZodObject): ReadonlyMap<string, Kind> => {
  const { properties = {} } = z.toJSONSchema(input, { io: "input", unrepresentable: "any" });
  return new Map<string, Kind>(
    Object.entries(properties).map(([name, schema]): [string, Kind] => {
      const type = typeof schema === "boolean" ? undefined : schema.type;
      return [name, type === "integer" || type === "number" ? "number" : type === "boolean" ? "boolean" : "string"];
    }),
  );
};

const fromQuery = (query: URLSearchParams, kinds: ReadonlyMap<string, Kind>): Record<string, unknown> =>
  Object.fromEntries<unknown>(
    [...query].map(([name, text]): [string, unknown] => {
      switch (kinds.get(name)) {
        case "number":
          return [name, text.trim() === "" ? text : Number(text)];
        case "boolean":
          return [name, text === "true" ? true : text === "false" ? false : text];
        default:
          return [name, text];
      }
    }),
  );

const parseBody = (bytes: ArrayBuffer | null, type: string): Record<string, unknown> => {
  const text = new TextDecoder().decode(bytes ?? undefined);
  if (text.trim() === "") return {};
  if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) throw new ApiError("unsupported_media", "Send the body as application/json.");
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new ApiError("bad_request", "The body is not valid JSON.", { cause });
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw new ApiError("bad_request", "The body must be a JSON object.");
  return body as Record<string, unknown>;
};

const fromHeaders = (headers: Headers, names: NonNullable<Route["rest"]["headers"]>): Record<string, unknown> => {
  const found: Record<string, unknown> = {};
  for (const name of names) {
    switch (name) {
      case "idempotency_key": {
        const key = headers.get("idempotency-key");
        if (key !== null) found[name] = key;
        break;
      }
      case "known_etag": {
        const etag = headers.get("if-none-match");
        if (etag !== null && etag.length <= 64) found[name] = etag;
        break;
      }
      case "wait_s": {
        const wait = /(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])/.exec(headers.get("prefer") ?? "")?.[1];
        // A preference, not an order (RFC 7240): what is more than allowed is cut.
        if (wait !== undefined) found[name] = Math.min(Number(wait), 55);
        break;
      }
    }
  }
  return found;
};

/** Gathers a procedure's input from path, query, body and header fields. Header fields win over the body, the path over both. */
export const readInput = (route: Route, kinds: ReadonlyMap<string, Kind>, request: Pick<Request, "url" | "headers">, body: ArrayBuffer | null, path: Record<string, string>): Record<string, unknown> => ({
  ...(route.hasBody ? parseBody(body, request.headers.get("content-type") ?? "") : fromQuery(new URL(request.url).searchParams, kinds)),
  ...fromHeaders(request.headers, route.rest.headers ?? []),
  ...path,
});
