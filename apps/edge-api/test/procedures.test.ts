// What must hold for every procedure, read from the router: a new one is covered by itself, or this file says what it lacks.
import { completeUpload, createAccount, createKey, createUpload, ID_PREFIXES, keepStyleCode, newApiKey, newId, SCOPES, sharePicture, type Matrix, type Problem } from "@deadiff/schemas";
import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { z } from "zod";
import { pathInputs, restRoutes, type Route } from "../src/rest/routes.ts";
import { appRouter } from "../src/router/index.ts";
import { finish, INPUT, MODEL, newJob, tenant, useWorld, type Tenant } from "./world.ts";

const world = useWorld();
const routes = restRoutes();
const protectedRoutes = routes.filter(({ scope }) => scope !== undefined);

interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minItems?: number;
  anyOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  format?: string;
  minimum?: number;
}
const schemaOf = (route: Route): Schema => z.toJSONSchema(route.input, { io: "input", unrepresentable: "any" }) as Schema;
const KINDS = Object.fromEntries(Object.entries(ID_PREFIXES).map(([kind, prefix]) => [prefix, kind]));
const kindOf = ({ pattern = "" }: Schema): string | undefined => KINDS[/^\^([a-z]+)_/.exec(pattern)?.[1] ?? ""];

/** Ids of one account's things, two of each kind. */
type Things = Readonly<Record<string, readonly [string, string]>>;
const MADE_UP: Things = Object.fromEntries(Object.values(KINDS).map((kind) => [kind, [newId(kind as "job"), newId(kind as "job")]]));

/** The smallest input that a schema takes, with ids from `things`. */
const minimal = (schema: Schema, things: Things, root: Schema = schema, n = 0): unknown => {
  if (schema.$ref !== undefined) return minimal(root.$defs?.[schema.$ref.split("/").at(-1)!] ?? {}, things, root, n);
  const kind = kindOf(schema);
  if (kind !== undefined) return things[kind]?.[n % 2];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.anyOf !== undefined) return minimal(schema.anyOf[0]!, things, root, n);
  switch (schema.type) {
    case "object":
      return Object.fromEntries((schema.required ?? []).map((name, i) => [name, minimal(schema.properties?.[name] ?? {}, things, root, n + i)]));
    case "array":
      return Array.from({ length: schema.minItems ?? 0 }, (_, i) => minimal(schema.items ?? {}, things, root, n + i));
    case "integer":
    case "number":
      return schema.minimum ?? 1;
    case "boolean":
      return true;
    default:
      return schema.format === "date-time" ? "2026-01-01T00:00:00Z" : schema.format === "uri" ? "https://example.com/x" : /\{64\}/.test(schema.pattern ?? "") ? "0".repeat(64) : /\{32\}/.test(schema.pattern ?? "") ? "A".repeat(32) : "x";
  }
};

/** Inputs whose rules a schema's shape does not tell. */
const BODIES: Readonly<Record<string, (things: Things) => Record<string, unknown>>> = {
  "jobs.create": ({ upload, style, code }) => ({ input: { references: [{ image: upload![0] }, { style: style![0] }, { blend: [{ style: style![0] }, { style: style![1] }] }, { code: code![0] }] } }),
  "jobs.estimate": ({ upload }) => ({ input: { references: [{ image: upload![0] }] } }),
  "matrices.create": ({ upload }) => ({ references: [[{ image: upload![0] }]], prompts: ["x"] }),
  "styles.create": ({ upload }) => ({ name: newId("style"), references: [{ image: upload![0] }] }),
  "styles.blend": ({ style }) => ({ name: newId("style"), styles: [{ style: style![0] }, { style: style![1] }] }),
  "jobs.cancelMany": ({ job }) => ({ ids: [...job!] }),
};
const inputFor = (route: Route, things: Things): Record<string, unknown> => BODIES[route.procedure]?.(things) ?? (minimal(schemaOf(route), things) as Record<string, unknown>);

const send = (route: Route, key: string | undefined, input: Record<string, unknown>) => {
  const inPath = pathInputs(route.rest.path);
  const path = inPath.reduce((at, name) => at.replace(`{${name}}`, encodeURIComponent(String(input[name]))), route.rest.path);
  const rest = Object.fromEntries(Object.entries(input).filter(([name]) => !inPath.includes(name)));
  const query = route.hasBody ? "" : `?${new URLSearchParams(Object.entries(rest).map(([name, value]): [string, string] => [name, String(value)])).toString()}`;
  return world.call(route.rest.method, `/v1${path}${query}`, { ...(key === undefined ? {} : { key }), ...(route.hasBody ? { body: rest } : {}) });
};

/** Two of everything that has an id. */
const fill = async ({ accountId, key }: Tenant): Promise<Things> => {
  const post = async (path: string, body: unknown) => {
    const response = await world.call("POST", path, { key, body });
    expect([path, response.ok]).toEqual([path, true]);
    return (await response.json()) as { id: string };
  };
  const twice = async (make: (i: number) => Promise<string>): Promise<[string, string]> => [await make(0), await make(1)];
  const upload = await twice(async () => {
    const { id } = await createUpload(world.db, accountId, { content_type: "image/png", bytes: 10, sha256: "0".repeat(64) });
    await completeUpload(world.db, accountId, id, { state: "ready", width: 8, height: 8 });
    return id;
  });
  const cells = (await post("/v1/matrices", { references: [[{ image: upload[0] }]], prompts: ["x"], strengths: [0.5, 1] })) as unknown as Matrix;
  for (const cell of cells.cells) await finish(world, cell.id);
  const pictures = ((await (await world.call("GET", "/v1/pictures", { key })).json()) as { data: { id: string }[] }).data;
  const endpoint = await twice(async () => (await post("/v1/webhook-endpoints", { url: "https://example.com/hook" })).id);
  const deliveries = ((await (await world.call("GET", "/v1/webhook-deliveries", { key })).json()) as { data: { id: string }[] }).data;
  return {
    job: await twice(async () => (await newJob(world, key)).id),
    matrix: await twice(async () => (await post("/v1/matrices", { references: [INPUT.references], prompts: ["x"] })).id),
    upload,
    picture: [pictures[0]!.id, pictures[1]!.id],
    style: await twice(async (i) => (await post("/v1/styles", { name: `s${i}`, references: [{ image: upload[0] }] })).id),
    code: await twice(() => keepStyleCode(world.db, accountId, null, { encoder: MODEL.encoder, sha256: "0".repeat(64), bytes: 1, data: "AA==" })),
    endpoint,
    message: [deliveries[0]!.id, deliveries[1]!.id],
    key: await twice(async () => (await post("/v1/keys", { name: "k", scopes: ["jobs:read"] })).id),
  };
};
const idsIn = (value: unknown): string[] => JSON.stringify(value).match(/\b[a-z]{2,3}_[0-9a-hjkmnp-tv-z]{26}\b/g) ?? [];
const snapshot = async (): Promise<string> =>
  JSON.stringify([
    ...(await world.db.execute(sql`
    select (select jsonb_agg(to_jsonb(t) order by id) from jobs t) as jobs, (select jsonb_agg(to_jsonb(t) order by id) from pictures t) as pictures,
      (select jsonb_agg(to_jsonb(t) order by id) from styles t) as styles, (select jsonb_agg(to_jsonb(t) order by id) from uploads t) as uploads,
      (select jsonb_agg(to_jsonb(t) - 'last_used_at' order by id) from api_keys t) as keys, (select jsonb_agg(to_jsonb(t) order by id) from webhook_endpoints t) as endpoints,
      (select jsonb_agg(to_jsonb(t) order by id) from webhook_messages t) as messages, (select count(*) from arena_votes) as votes`)),
  ]);

test("every procedure says its scope or is open to all on purpose", () => {
  const open = routes.filter(({ scope }) => scope === undefined).map(({ procedure }) => procedure);
  expect(open.sort()).toEqual(["health.get", "session.me", "shared.get"]);
  const withoutRest = Object.keys(appRouter._def.procedures).filter((name) => !routes.some(({ procedure }) => procedure === name));
  expect(withoutRest).toEqual(["jobs.watch"]);
});

test.each(protectedRoutes.map((route) => [route.procedure, route] as const))("%s: refused without a key, with made-up, expired and revoked ones, and with every scope but its own", async (_, route) => {
  const input = inputFor(route, MADE_UP);
  const { accountId } = await tenant(world.db);
  const make = async (expires_at?: string) => createKey(world.db, accountId, { name: "k", mode: "live", scopes: [...SCOPES], ip_allow: [], ...(expires_at === undefined ? {} : { expires_at }) });
  const expired = await make("2020-01-01T00:00:00Z");
  const revoked = await make();
  await world.db.execute(sql`update api_keys set revoked_at = now() where id = ${revoked.id}`);
  for (const key of [undefined, newApiKey("live"), "dd_live_x", "x y", expired.secret, revoked.secret]) {
    const response = await send(route, key, input);
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
  }
  const { key } = await tenant(world.db, { scopes: SCOPES.filter((scope) => scope !== route.scope) });
  const response = await send(route, key, input);
  expect(response.status).toBe(403);
  expect(await response.json()).toMatchObject({ code: "forbidden" });
});

test("another account's ids are answered as if they did not exist, and change nothing; to their owner the same calls are good", async () => {
  const mine = await tenant(world.db);
  for (const route of protectedRoutes) {
    await world.db.execute("delete from rate_limits");
    if (idsIn(inputFor(route, MADE_UP)).length === 0) continue;
    const owner = await tenant(world.db);
    const things = await fill(owner);
    const input = inputFor(route, things);
    const before = await snapshot();
    const response = await send(route, mine.key, input);
    const answer = (await response.json()) as { code?: string; count?: number };
    if (route.procedure === "jobs.cancelMany") expect(answer.count).toBe(0);
    else expect([route.procedure, response.status, answer.code]).toEqual([route.procedure, pathInputs(route.rest.path).length > 0 || route.procedure === "arena.vote" ? 404 : 422, expect.stringMatching(/not_found|invalid_input/)]);
    expect(await snapshot()).toBe(before);
    const control = await send(route, owner.key, input);
    expect([route.procedure, control.status < 300 || control.status === 409 || control.status === 410, await control.text()]).toEqual([route.procedure, true, expect.any(String)]);
  }
}, 180_000);

test("lists show nothing of another account, whatever they are filtered by", async () => {
  const [mine, owner] = [await tenant(world.db), await tenant(world.db)];
  const things = await fill(owner);
  const theirs = new Set(Object.values(things).flat());
  for (const route of protectedRoutes.filter(({ rest }) => rest.method === "GET" && !rest.path.includes("{"))) {
    const filters = Object.entries(schemaOf(route).properties ?? {}).flatMap(([name, schema]) => (kindOf(schema) === undefined ? [] : [{ [name]: things[kindOf(schema)!]![0] }]));
    for (const filter of [{}, ...filters]) {
      const response = await send(route, mine.key, filter);
      const body: unknown = await response.json();
      expect([route.procedure, response.status === 200 || response.status === 404]).toEqual([route.procedure, true]);
      const shown = idsIn(body).filter((id) => theirs.has(id) && !Object.values(filter).includes(id));
      expect([route.procedure, shown]).toEqual([route.procedure, []]);
    }
  }
});

const HOSTILE = ["\u0000", "\ud800", "'; drop table jobs; --", "../../../etc/passwd", "%2e%2e%2f%00", "x".repeat(5000), "\u202eexe.gnp", "${7*7}{{7*7}}", "<script>alert(1)</script>", "__proto__", "constructor", "NaN"];

type Path = readonly (string | number)[];
const isTree = (value: unknown): value is Record<string, unknown> | unknown[] => typeof value === "object" && value !== null;

/** Every place below `value` that holds a leaf. */
const leaves = (value: unknown, at: Path = []): Path[] => (isTree(value) ? Object.entries(value).flatMap(([name, inner]) => leaves(inner, [...at, Array.isArray(value) ? Number(name) : name])) : [at]);
/** Every object below `value`, itself included: places where a key may be put. */
const objects = (value: unknown, at: Path = []): Path[] =>
  isTree(value) ? [...(Array.isArray(value) ? [] : [at]), ...Object.entries(value).flatMap(([name, inner]) => objects(inner, [...at, Array.isArray(value) ? Number(name) : name]))] : [];
const put = (value: unknown, [head, ...rest]: Path, leaf: unknown): unknown => {
  if (head === undefined) return leaf;
  if (Array.isArray(value)) return value.map((inner: unknown, i) => (i === head ? put(inner, rest, leaf) : inner));
  // JSON.parse makes `__proto__` a key like any other; an object literal would not.
  const inner = isTree(value) ? (value as Record<string, unknown>)[head] : undefined;
  return Object.defineProperty({ ...(value as object) }, head, { value: put(inner, rest, leaf), enumerable: true, configurable: true, writable: true });
};

/** Inputs in which everything that may be said is said, for the procedures that take more than one level. */
const FULL: Readonly<Record<string, (things: Things) => Record<string, unknown>>> = {
  "jobs.create": ({ upload, style, code }) => ({
    input: {
      references: [
        { image: upload![0], weight: 1, mode: "style", fit: "pad", crop: { x: 0, y: 0, width: 1, height: 1 } },
        { url: "https://example.com/a.png", weight: 1, mode: "both", fit: "crop" },
        { style: style![0], weight: 1, mode: "content" },
        { blend: [{ style: style![0], weight: 1 }, { style: style![1], weight: 0.5 }] },
        { code: code![0] },
      ],
      prompt: "x", negative_prompt: "x", sampler: "ddim", spacing: "normal", gains: "even", steps: 1, guidance: 1, prompt_guidance: 1, width: 64, height: 64, count: 1, strength: 1, seed: 1,
    },
    webhook: { url: "https://example.com/hook", events: ["job.failed"] },
    metadata: { key: "value" },
    start_within_s: 60, finish_within_s: 60, retention_s: 3600,
  }),
  "jobs.estimate": ({ upload }) => ({ input: { references: [{ image: upload![0] }], prompt: "x", gains: [1] } }),
  "matrices.create": ({ upload, style }) => ({
    references: [[{ image: upload![0], mode: "style" }, { style: style![0] }], []], prompts: ["x", "y"], strengths: [1], negative_prompt: "x", sampler: "ddim", gains: "even",
    webhook: { url: "https://example.com/hook", events: ["job.failed"] }, metadata: { key: "value" },
  }),
  "styles.create": ({ upload, code }) => ({ name: newId("style"), description: "x", tags: ["x"], references: [{ image: upload![0], mode: "style" }, { code: code![0] }] }),
  "styles.update": ({ upload, style }) => ({ id: style![0], name: newId("style"), tags: ["x"], references: [{ image: upload![0] }] }),
  "styles.blend": ({ style }) => ({ name: newId("style"), tags: ["x"], styles: [{ style: style![0], weight: 1 }, { style: style![1] }] }),
  "jobs.cancelMany": () => ({ ids: [newId("job")] }),
  "webhooks.endpoints.create": () => ({ url: "https://example.com/hook", description: "x", events: ["job.failed"] }),
  "webhooks.endpoints.update": ({ endpoint }) => ({ id: endpoint![0], url: "https://example.com/hook", events: ["job.failed"] }),
  "keys.create": () => ({ name: "k", mode: "test", scopes: ["jobs:read"], ip_allow: ["203.0.113.0/24"], expires_at: "2999-01-01T00:00:00Z" }),
};

const expectUnharmed = async (route: Route, key: string, input: Record<string, unknown>, what: string): Promise<void> => {
  const response = await send(route, route.scope === undefined ? undefined : key, input);
  const body = await response.text();
  expect(response.status, `${route.procedure} ${what}: ${body.slice(0, 300)}`).toBeLessThan(500);
  if (response.status >= 400) {
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect((JSON.parse(body) as Problem).status).toBe(response.status);
  }
};

/** One account's things, and credits enough for whatever is accepted. */
const target = async () => {
  const accountId = await createAccount(world.db, { name: "target", credits: 10_000_000, queuedLimit: 100_000 });
  const { secret: key } = await createKey(world.db, accountId, { name: "k", mode: "live", scopes: [...SCOPES], ip_allow: [] });
  return { accountId, key, things: await fill({ accountId, key }) };
};

test("a hostile text in any field of any procedure, however deep, is stored unharmed or refused with a problem document, and nothing fails", async () => {
  const { accountId, key, things } = await target();
  await sharePicture(world.db, accountId, things["picture"]![0] as `pic_${string}`, "A".repeat(32));
  let tried = 0;
  for (const route of routes) {
    if (/delete|revoke|roll/.test(route.procedure)) continue;
    const base = FULL[route.procedure]?.(things) ?? inputFor(route, things);
    if (FULL[route.procedure] !== undefined) expect((await send(route, key, base)).status, `${route.procedure}: the input itself is good`).toBeLessThan(300);
    const left = Object.entries(schemaOf(route).properties ?? {}).flatMap(([name, { type, anyOf }]) => (name !== "wait_s" && !(name in base) && (type === "string" || anyOf !== undefined) ? [[name]] : []));
    for (const place of [...leaves(base), ...left]) {
      for (const text of HOSTILE) {
        // An address cannot hold half of a surrogate pair.
        if (text === "\ud800" && (!route.hasBody || pathInputs(route.rest.path).includes(String(place[0])))) continue;
        await expectUnharmed(route, key, put(base, place, text) as Record<string, unknown>, `${place.join(".")}=${JSON.stringify(text.slice(0, 40))}`);
        tried += 1;
      }
    }
    await world.db.execute("delete from rate_limits");
  }
  expect(tried).toBeGreaterThan(1000);
  expect(await world.db.execute(sql`select count(*)::int as n from jobs`)).not.toEqual([{ n: 0 }]);
}, 300_000);

test("a hostile key in any object of any procedure changes nobody's prototype and is refused with a problem document, or kept as text", async () => {
  const { key, things } = await target();
  for (const route of routes.filter(({ procedure, hasBody }) => hasBody && !/delete|revoke|roll/.test(procedure))) {
    const base = FULL[route.procedure]?.(things) ?? inputFor(route, things);
    for (const place of objects(base)) {
      for (const name of ["__proto__", "constructor", "toString", "", "\u0000", "\ud800", "' or 1=1 --", "\u202e", "x".repeat(5000)]) {
        for (const value of ["x", { polluted: true }]) await expectUnharmed(route, key, put(base, [...place, name], value) as Record<string, unknown>, [...place, name].join(".").slice(0, 80));
      }
    }
    await world.db.execute("delete from rate_limits");
  }
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
}, 300_000);
