import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { ChangeMessageVisibilityCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { AwsClient } from "aws4fetch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startLocalCloud, type LocalCloud } from "../src/local/cloud.ts";

let folder: string;
let cloud: LocalCloud;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "deadiff-cloud-"));
  cloud = await startLocalCloud({ folder });
});
afterAll(async () => {
  await cloud.stop();
  await rm(folder, { recursive: true, force: true });
});

const sqs = () => new SQSClient({ endpoint: cloud.endpoint, region: cloud.region, credentials: cloud.credentials });
const s3 = () => new S3Client({ endpoint: cloud.endpoint, region: cloud.region, credentials: cloud.credentials, forcePathStyle: true });
const BODY = "a picture";
const HEADERS = {
  "content-type": "image/png",
  "content-length": String(BODY.length),
  "if-none-match": "*",
  "x-amz-checksum-sha256": createHash("sha256").update(BODY).digest("base64"),
};

const presign = async (key: string, method = "PUT", headers: Record<string, string> = HEADERS, expiresS = 60) => {
  const client = new AwsClient({ ...cloud.credentials, service: "s3", region: cloud.region });
  const url = new URL(`${cloud.endpoint}/${cloud.bucket}/${key}`);
  url.searchParams.set("X-Amz-Expires", String(expiresS));
  return (await client.sign(url, { method, headers, aws: { signQuery: true, allHeaders: true } })).url;
};
const put = async (url: string, body = BODY, change: Record<string, string> = {}) => {
  // fetch writes content-length itself.
  const headers = Object.entries({ ...HEADERS, ...change }).filter(([name]) => name !== "content-length");
  return (await fetch(url, { method: "PUT", body, headers: Object.fromEntries(headers) })).status;
};

test("a presigned PUT takes exactly the announced bytes, once", async () => {
  const url = await presign("in/a");
  expect(await put(url)).toBe(200);
  expect(await put(url)).toBe(412);
  expect(await (await fetch(await presign("in/a", "GET", {}))).text()).toBe(BODY);
  expect(await put(await presign("in/b"), BODY + "x")).toBe(403);
  expect(await put(await presign("in/b"), "a pictura")).toBe(400);
  expect(await put(await presign("in/b"), BODY, { "content-type": "text/html" })).toBe(403);
});

test("a presigned address that was changed, expired or signed by another key opens nothing", async () => {
  const url = await presign("in/c");
  expect(await put(url.replace("/in/c", "/in/d"))).toBe(403);
  expect(await put(url.replace(/.$/, (last) => (last === "0" ? "1" : "0")))).toBe(403);
  expect(await put(url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"))).toBe(403);
  expect(await put(url.replace(cloud.credentials.accessKeyId, "LOCAL0"))).toBe(403);
  const old = await presign("in/c", "PUT", HEADERS, 1);
  await new Promise((resolve) => setTimeout(resolve, 2100));
  expect(await put(old)).toBe(403);
  expect((await fetch(`${cloud.endpoint}/${cloud.bucket}/in/a`)).status).toBe(403);
  await expect(new S3Client({ endpoint: cloud.endpoint, region: cloud.region, forcePathStyle: true, credentials: { accessKeyId: "x", secretAccessKey: "y" } }).send(new ListObjectsV2Command({ Bucket: cloud.bucket }))).rejects.toThrow();
});

test("browsers on other origins may use presigned addresses", async () => {
  const preflight = await fetch(await presign("in/e"), { method: "OPTIONS", headers: { origin: "https://studio.example", "access-control-request-method": "PUT" } });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
});

test("messages and objects outlive a restart, also a message that was made visible again", async () => {
  const client = sqs();
  await client.send(new SendMessageCommand({ QueueUrl: cloud.queueUrl, MessageBody: "hello" }));
  const received = await client.send(new ReceiveMessageCommand({ QueueUrl: cloud.queueUrl }));
  await client.send(new ChangeMessageVisibilityCommand({ QueueUrl: cloud.queueUrl, ReceiptHandle: received.Messages![0]!.ReceiptHandle!, VisibilityTimeout: 0 }));
  await s3().send(new PutObjectCommand({ Bucket: cloud.bucket, Key: "out/kept", Body: "kept", ContentType: "image/png" }));
  await cloud.stop();
  cloud = await startLocalCloud({ folder });
  const again = await sqs().send(new ReceiveMessageCommand({ QueueUrl: cloud.queueUrl }));
  expect(again.Messages?.map(({ Body }) => Body)).toEqual(["hello"]);
  expect(await (await s3().send(new GetObjectCommand({ Bucket: cloud.bucket, Key: "out/kept" }))).Body!.transformToString()).toBe("kept");
});
