import type { RestRequest } from "./request";

const single = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The request as a shell runs it. The key comes from the environment. */
export const curl = ({ method, url, headers, body }: RestRequest): string =>
  [
    `curl ${method === "GET" ? "" : `-X ${method} `}${single(url)}`,
    `-H "Authorization: Bearer $DEADIFF_API_KEY"`,
    ...Object.entries(headers).map(([name, value]) => `-H ${single(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data ${single(JSON.stringify(body, null, 2))}`]),
  ].join(" \\\n  ");

/** The request as it goes over the line (RFC 9112). */
export const rest = ({ method, url, headers, body }: RestRequest): string => {
  const at = new URL(url, "https://localhost");
  return [
    `${method} ${at.pathname}${at.search} HTTP/1.1`,
    `Host: ${at.host}`,
    "Authorization: Bearer dd_live_…",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : ["", JSON.stringify(body, null, 2)]),
  ].join("\n");
};

/** A value as TypeScript writes it: keys without quotes where they need none. */
const literal = (value: unknown): string => JSON.stringify(value, null, 2).replace(/^(\s*)"([A-Za-z_]\w*)":/gm, "$1$2:");

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null;

/** The call through the client: by its shortest way where it has one. */
const clientCall = (path: string, input: unknown): string => {
  if (path === "jobs.create" && isRecord(input)) {
    const idempotencyKey = input["idempotency_key"];
    const job = Object.fromEntries(Object.entries(input).filter(([name]) => name !== "idempotency_key" && name !== "wait_s"));
    const options = typeof idempotencyKey === "string" ? `, { idempotencyKey: ${JSON.stringify(idempotencyKey)} }` : "";
    return `// Waits until the pictures are done.\nconst job = await client.run(${literal(job)}${options});\nconsole.log(job.outputs.map(({ url }) => url));`;
  }
  if (path === "jobs.cancel" && isRecord(input) && typeof input["id"] === "string") return `const job = await client.cancel(${JSON.stringify(input["id"])});`;
  if (path === "uploads.create") return `// Announces, sends and checks the picture.\nconst upload = await client.upload(await readFile("reference.png"));`;
  return `const answer = await client.api.${path}.mutate(${literal(input)});`;
};

/** A program that makes the same call with the TypeScript client. */
export const typescript = (path: string, input: unknown, baseUrl: string): string =>
  [
    ...(path === "uploads.create" ? [`import { readFile } from "node:fs/promises";`] : []),
    `import { createClient } from "@deadiff/client";`,
    "",
    `const client = createClient({ apiKey: process.env.DEADIFF_API_KEY ?? "", baseUrl: ${JSON.stringify(baseUrl.replace(/\/v1$/, ""))} });`,
    "",
    clientCall(path, input),
  ].join("\n");
