import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { z } from "zod";
import { nodeEnvSchema } from "../../apps/edge-api/src/env.ts";
import { inferenceEnvSchema, workerEnvSchema } from "../../apps/gpu-worker/src/env.ts";
import { localEnvSchema } from "../../apps/local/src/env.ts";
import { webEnvSchema } from "../../apps/web/src/env.ts";
import { awsEnvSchema } from "../src/aws/env.ts";
import { EDGE_NODE_ARGS, WORKER_NODE_ARGS } from "../src/node-args.ts";

const text = readFileSync(new URL("../../docs/deploy.md", import.meta.url), "utf8");

/** Names and defaults in the table below a heading. */
const documented = (heading: string): string[] => {
  const section = text.split(`\n### ${heading}\n`)[1]?.split(/\n##/)[0] ?? "";
  return [...section.matchAll(/^\| `([A-Z0-9_]+)` \| ([^|]*)\|/gm)].map(([, name = "", value = ""]) => `${name} ${value.trim()}`);
};
const inCode = (schema: z.ZodObject): string[] =>
  Object.entries(schema.shape).map(([name, field]) => {
    const parsed = (field as z.ZodType<string | number | boolean | readonly (string | number)[] | undefined>).safeParse(undefined);
    return `${name} ${!parsed.success ? "required" : parsed.data === undefined ? "-" : typeof parsed.data === "object" ? parsed.data.join(",") : parsed.data}`;
  });

test.each<[string, z.ZodObject]>([
  ["API", nodeEnvSchema],
  ["Worker and deliver", workerEnvSchema],
  ["Inference process", inferenceEnvSchema],
  ["Web", webEnvSchema],
  ["Local stack", localEnvSchema],
  ["AWS template", awsEnvSchema],
])("docs/deploy.md lists every variable of %s with its default, and no other", (heading, schema) => {
  expect(documented(heading)).toEqual(inCode(schema));
});

const startsIn = (file: string, program: RegExp): string[] => {
  const plain = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8").replaceAll(/[",]/g, "");
  return [...plain.matchAll(new RegExp(`node (?:--\\S+ )*${program.source}`, "g"))].map(([start]) => start);
};

test.each([
  ["docs/deploy.md", "worker", /(?:apps\/gpu-worker\/)?src\/main\.ts/, WORKER_NODE_ARGS],
  ["infra/docker/worker-cpu.Dockerfile", "worker", /(?:apps\/gpu-worker\/)?src\/main\.ts/, WORKER_NODE_ARGS],
  ["infra/docker/worker-gpu.Dockerfile", "worker", /(?:apps\/gpu-worker\/)?src\/main\.ts/, WORKER_NODE_ARGS],
  ["apps/gpu-worker/package.json", "worker", /(?:apps\/gpu-worker\/)?src\/main\.ts/, WORKER_NODE_ARGS],
  ["docs/deploy.md", "API", /(?:apps\/edge-api\/)?src\/node\.ts/, EDGE_NODE_ARGS],
  ["apps/edge-api/package.json", "API", /(?:apps\/edge-api\/)?src\/node\.ts/, EDGE_NODE_ARGS],
])("%s starts every %s with the options that keep it small", (file, _, program, args) => {
  const starts = startsIn(file, program);
  expect(starts.length).toBeGreaterThan(0);
  for (const start of starts) expect(start).toContain(`node ${args.join(" ")} `);
});
