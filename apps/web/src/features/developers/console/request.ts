import type { Operation } from "../reference/document";

/** A call of the REST API. */
export interface RestRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Fields that travel as header fields. */
const HEADERS: Readonly<Record<string, (value: unknown) => readonly [string, string]>> = {
  idempotency_key: (value) => ["Idempotency-Key", String(value)],
  known_etag: (value) => ["If-None-Match", String(value)],
  wait_s: (value) => ["Prefer", `wait=${String(value)}`],
};

const scalar = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : `${value as string | number | boolean}`);

/** The REST form of a procedure's call: each part of the input where the description says it goes. */
export const requestOf = (operation: Operation, baseUrl: string, input: unknown): RestRequest => {
  const rest = new Map<string, unknown>(Object.entries(typeof input === "object" && input !== null ? input : {}).filter(([, value]) => value !== undefined));
  const take = (name: string): unknown => {
    const value = rest.get(name);
    rest.delete(name);
    return value;
  };
  const headers: Record<string, string> = {};
  const named = new Set((operation.parameters ?? []).filter((parameter) => parameter.in === "header").map(({ name }) => name.toLowerCase()));
  for (const [field, write] of Object.entries(HEADERS)) {
    if (!rest.has(field)) continue;
    const [name, value] = write(rest.get(field));
    if (!named.has(name.toLowerCase())) continue;
    rest.delete(field);
    headers[name] = value;
  }
  const path = operation.path.replace(/\{(\w+)\}/g, (hole, name: string) => {
    const value = take(name);
    return value === undefined ? hole : /^\{\w+\}$/.test(scalar(value)) ? scalar(value) : encodeURIComponent(scalar(value));
  });
  const query = new URLSearchParams();
  for (const parameter of operation.parameters ?? []) {
    if (parameter.in === "query" && rest.has(parameter.name)) query.set(parameter.name, scalar(take(parameter.name)));
  }
  const body = operation.requestBody === undefined ? undefined : Object.fromEntries(rest);
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return { method: operation.method, url: `${baseUrl}${path}${query.size === 0 ? "" : `?${query.toString()}`}`, headers, body };
};
