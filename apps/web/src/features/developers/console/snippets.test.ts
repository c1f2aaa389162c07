import { expect, test } from "vitest";
import type { Operation } from "../reference/document";
import { requestOf } from "./request";
import { curl, rest, typescript } from "./snippets";

const create: Operation = {
  operationId: "jobs_create",
  method: "POST",
  path: "/jobs",
  summary: "Queue a job",
  tags: ["jobs"],
  parameters: [{ name: "Idempotency-Key", in: "header" }, { name: "Prefer", in: "header" }],
  requestBody: { content: { "application/json": { schema: {} } } },
  responses: {},
};
const input = { input: { prompt: "it's a fox", count: 2 }, idempotency_key: "k1", wait_s: 5 };

test("a procedure's input goes where the description puts it: header fields, path, query, body", () => {
  expect(requestOf(create, "https://api.test/v1", input)).toEqual({
    method: "POST",
    url: "https://api.test/v1/jobs",
    headers: { "Idempotency-Key": "k1", Prefer: "wait=5", "Content-Type": "application/json" },
    body: { input: { prompt: "it's a fox", count: 2 } },
  });
  const get: Operation = { operationId: "x", method: "GET", path: "/styles/{id}/x", summary: "", tags: [], responses: {}, parameters: [{ name: "id", in: "path" }, { name: "tag", in: "query" }] };
  expect(requestOf(get, "https://api.test/v1", { id: "sty_1", tag: "a b" })).toMatchObject({ url: "https://api.test/v1/styles/sty_1/x?tag=a+b", body: undefined });
});

test("the curl call survives quotes in a prompt and keeps the key out of the text", () => {
  const text = curl(requestOf(create, "https://api.test/v1", input));
  expect(text).toContain(`"prompt": "it'\\''s a fox"`);
  expect(text).toContain("$DEADIFF_API_KEY");
});

test("the request over the line names host, path and body", () => {
  expect(rest(requestOf(create, "https://api.test/v1", input)).split("\n").slice(0, 2)).toEqual(["POST /v1/jobs HTTP/1.1", "Host: api.test"]);
});

test("the TypeScript call takes the client's shortest way and writes keys without quotes", () => {
  const text = typescript("jobs.create", { input: { prompt: 'a "key": value' }, idempotency_key: "k1" }, "https://api.test/v1");
  expect(text).toContain(`client.run({\n  input: {\n    prompt: "a \\"key\\": value"\n  }\n}, { idempotencyKey: "k1" })`);
  expect(text).toContain(`baseUrl: "https://api.test"`);
  expect(typescript("styles.create", { name: "x" }, "https://api.test/v1")).toContain(`client.api.styles.create.mutate({`);
});
