import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { manageProcess, WORKER_NODE_ARGS } from "@deadiff/infra";
import { newId } from "@deadiff/schemas";
import { scratchDatabase } from "@deadiff/schemas/local";
import { expect, inject, test } from "vitest";

/** The packages that a module loads in a process of its own. */
const packagesOf = async (module: string): Promise<Set<string>> => {
  const script = `
    import { registerHooks } from "node:module";
    const urls = [];
    registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
    await import(${JSON.stringify(new URL(`../src/${module}`, import.meta.url).href)});
    process.stdout.write(JSON.stringify(urls));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  const urls = JSON.parse(stdout) as string[];
  return new Set(urls.flatMap((url) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []));
};

test.each(["inference/serve.ts", "inference/stylize.ts", "inference/describe.ts", "references/decode-child.ts"])("%s, which runs in a child process, loads nothing of the database or the cloud", async (module) => {
  const packages = await packagesOf(module);
  expect(packages).toContain("zod");
  expect([...packages].filter((name) => /drizzle|postgres|aws-sdk|undici/.test(name))).toEqual([]);
});

test.skipIf(process.platform !== "linux")("a supervisor that works and delivers takes less than 150 MB", async () => {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = inject("cloud");
  const sqs = new SQSClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: newId("request") }));
  const loaded = Promise.withResolvers<undefined>();
  const supervisor = manageProcess({
    name: "worker",
    entry: new URL("../src/main.ts", import.meta.url).pathname,
    nodeArgs: WORKER_NODE_ARGS,
    env: {
      PATH: process.env["PATH"] ?? "",
      DATABASE_URL: await scratchDatabase(inject("postgresUrl")),
      SQS_QUEUE_URL: `${endpoint}${new URL(QueueUrl!).pathname}`,
      S3_ENDPOINT: endpoint, S3_BUCKET: bucket, AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey,
      DEADIFF_INFERENCE_ENTRY: new URL("./tiny-child.ts", import.meta.url).pathname,
    },
    restart: false,
    readyEvent: "started",
    onLine: (_, line) => {
      if (line.includes('"model_loaded"')) loaded.resolve(undefined);
    },
  });
  try {
    await Promise.all([supervisor.ready(), loaded.promise]);
    const status = await readFile(`/proc/${String(supervisor.pid())}/status`, "utf8");
    const mb = (field: string): number => (Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) * 1024) / 1e6;
    expect(mb("VmRSS")).toBeLessThan(150);
    // And at no moment before.
    expect(mb("VmHWM")).toBeLessThan(150);
  } finally {
    await supervisor.stop();
    sqs.destroy();
  }
});
