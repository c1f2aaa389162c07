import { jobInputSchema, SCOPES, type Problem } from "@deadiff/schemas";
import { expect, test } from "vitest";
import { openApiDocument } from "../src/rest/openapi.ts";
import { tenant, useWorld } from "./world.ts";

const world = useWorld();

/** A small deterministic generator (mulberry32): a failing case is found again by its seed. */
const randomFrom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

type Schema = { type?: string | string[]; properties?: Record<string, Schema>; items?: Schema; enum?: unknown[]; anyOf?: Schema[]; oneOf?: Schema[]; $ref?: string; const?: unknown };
interface Operation {
  parameters?: { name: string; in: string; schema: Schema }[];
  requestBody?: { content: { "application/json": { schema: Schema } } };
}
const document = JSON.parse(JSON.stringify(openApiDocument())) as { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Schema> } };

const NASTY: unknown[] = [null, true, -1, 0, 1.5, 1e308, "", "x", "../../etc/passwd", "%00", "\u0000", "\ud800", "'; drop table jobs; --", "9".repeat(400), [], {}, [[]], { __proto__: null }, "job_00000000000000000000000000", "2026-01-01T00:00:00Z", "Infinity", "🐕"];

const valueOf = (schema: Schema | undefined, random: () => number, depth = 0): unknown => {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  if (schema === undefined || depth > 5 || random() < 0.15) return pick(NASTY);
  if (schema.$ref !== undefined) return valueOf(document.components.schemas[schema.$ref.split("/").at(-1)!], random, depth + 1);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return pick(schema.enum);
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) return valueOf(pick(options), random, depth + 1);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case "object":
      return Object.fromEntries(Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => (random() < 0.7 ? [[name, valueOf(inner, random, depth + 1)]] : [])));
    case "array":
      return Array.from({ length: Math.floor(random() * 3) }, () => valueOf(schema.items, random, depth + 1));
    case "integer":
    case "number":
      return pick([0, 1, 2, -1, 512, 1e9, 0.5]);
    case "boolean":
      return random() < 0.5;
    default:
      return pick(["x", "https://example.com/a", "0".repeat(64), "job_00000000000000000000000000", "img_00000000000000000000000000", "2026-01-01T00:00:00Z", ""]);
  }
};

test("every operation is documented with its inputs, its answer and its problems", () => {
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods)) as (Operation & { operationId: string; responses: Record<string, unknown> })[];
  expect(operations.length).toBeGreaterThan(30);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  for (const { responses } of operations) expect(Object.keys(responses)).toContain("default");
  expect(JSON.stringify(document)).not.toContain("idempotency_key\":{\"type");
});

test("the example that the document gives of a job is one that it takes", () => {
  const { examples } = document.components.schemas["JobInput"] as { examples?: unknown[] };
  expect(examples).toHaveLength(1);
  expect(jobInputSchema.parse(examples?.[0])).toMatchObject(examples?.[0] as object);
});

test("2,000 calls made up from the document never end in a 5xx, and every refusal is a problem document", async () => {
  const { key } = await tenant(world.db, { scopes: [...SCOPES], credits: 1_000_000 });
  const random = randomFrom(20261123);
  const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
  const seen = new Map<number, number>();
  for (let i = 0; i < 2000; i++) {
    const { path, method, operation } = operations[i % operations.length]!;
    if (path.endsWith("/events")) continue;
    const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value)).replace(/[\ud800-\udfff]/g, "?");
    const inPath = path.replace(/\{(\w+)\}/g, () => encodeURIComponent(text(valueOf({ type: "string" }, random))) || "x");
    const query = (operation.parameters ?? []).filter((p) => p.in === "query" && p.name !== "wait_s" && random() < 0.6).map((p) => `${p.name}=${encodeURIComponent(text(valueOf(p.schema, random)))}`);
    const schema = operation.requestBody?.content["application/json"].schema;
    // The limiter is not what is tested here.
    if (i % 250 === 0) await world.db.execute("delete from rate_limits");
    const response = await world.call(method.toUpperCase(), `/v1${inPath}${query.length > 0 ? `?${query.join("&")}` : ""}`, { key, ...(schema === undefined ? {} : { body: JSON.stringify(valueOf(schema, random)) }) });
    seen.set(response.status, (seen.get(response.status) ?? 0) + 1);
    const body = await response.text();
    expect(response.status, `case ${i}: ${method} ${inPath} ${query.join("&")} -> ${body}`).toBeLessThan(500);
    if (response.status >= 400) {
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect((JSON.parse(body) as Problem).status).toBe(response.status);
    }
  }
  expect([...seen.keys()].some((status) => status < 300)).toBe(true);
});
