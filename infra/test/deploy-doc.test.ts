import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { z } from "zod";
import { nodeEnvSchema } from "../../apps/edge-api/src/env.ts";
import { inferenceEnvSchema, workerEnvSchema } from "../../apps/gpu-worker/src/env.ts";
import { localEnvSchema } from "../../apps/local/src/env.ts";
import { webEnvSchema } from "../../apps/web/src/env.ts";
import { awsEnvSchema } from "../src/aws/env.ts";
import { WORKER_NODE_ARGS } from "../src/node-args.ts";

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

test.each(["docs/deploy.md", "infra/docker/worker-cpu.Dockerfile", "infra/docker/worker-gpu.Dockerfile", "apps/gpu-worker/package.json"])("%s starts every worker with the options that keep it small", (file) => {
  const plain = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8").replaceAll(/[",]/g, "");
  const starts = [...plain.matchAll(/node (?:--\S+ )*(?:apps\/gpu-worker\/)?src\/main\.ts/g)].map(([start]) => start);
  expect(starts.length).toBeGreaterThan(0);
  for (const start of starts) expect(start).toContain(`node ${WORKER_NODE_ARGS.join(" ")} `);
});
