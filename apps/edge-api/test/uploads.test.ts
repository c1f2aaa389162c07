import { createHash } from "node:crypto";
import { deflateSync, crc32 } from "node:zlib";
import type { Problem, Upload } from "@deadiff/schemas";
import { expect, test } from "vitest";
import { newJob, tenant, useWorld } from "./world.ts";

const world = useWorld();

const chunk = (type: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
};
/** A PNG that claims `width` x `height`; its pixels are those of one row. */
const png = (width: number, height: number): Buffer => {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", header), chunk("IDAT", deflateSync(Buffer.alloc(1 + Math.min(width, 64) * 3))), chunk("IEND", Buffer.alloc(0))]);
};

type Ticket = Upload & { put: { url: string; headers: Record<string, string> } };
const announce = async (key: string, bytes: Buffer, contentType = "image/png", change = {}) => {
  const body = { content_type: contentType, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex"), ...change };
  return (await (await world.call("POST", "/v1/uploads", { key, body })).json()) as Ticket;
};
const send = async (ticket: Ticket, bytes: Buffer, headers = {}) => (await fetch(ticket.put.url, { method: "PUT", body: bytes, headers: { ...ticket.put.headers, ...headers } })).status;
const complete = async (key: string, id: string) => world.call("POST", `/v1/uploads/${id}/complete`, { key });

test("a picture is announced, sent straight to the store, completed and used", async () => {
  const { key } = await tenant(world.db);
  const bytes = png(32, 16);
  const ticket = await announce(key, bytes);
  expect(ticket).toMatchObject({ state: "pending", url: null });
  expect((await complete(key, ticket.id)).status).toBe(409);
  expect((await world.call("POST", "/v1/jobs", { key, body: { input: { references: [{ image: ticket.id }] } } })).status).toBe(422);
  expect(await send(ticket, bytes)).toBe(200);
  const done = (await (await complete(key, ticket.id)).json()) as Upload;
  expect(done).toMatchObject({ state: "ready", width: 32, height: 16 });
  expect(Buffer.from(await (await fetch(done.url!)).arrayBuffer())).toEqual(bytes);
  expect(await newJob(world, key, { input: { references: [{ image: ticket.id }] } })).toMatchObject({ state: "queued" });
  expect(await send(ticket, bytes)).toBe(412);
  const style = await world.call("POST", "/v1/styles", { key, body: { name: "ink", references: [{ image: ticket.id }] } });
  expect(style.status).toBe(201);
  const { id } = (await style.json()) as { id: string };
  expect(await newJob(world, key, { input: { style: id, prompt: "a dog" } })).toMatchObject({ input: { style: { id, version: 1 }, references: [{ styles: [{ id, version: 1 }], members: [{ image: ticket.id }] }] } });
});

test("the signed address takes nothing but what was announced", async () => {
  const { key } = await tenant(world.db);
  const bytes = png(8, 8);
  const other = png(8, 9);
  const ticket = await announce(key, bytes);
  expect(await send(ticket, Buffer.concat([bytes, Buffer.from("x")]))).toBe(403);
  expect(await send(ticket, other)).toBe(400);
  expect(await send(ticket, bytes, { "content-type": "text/html" })).toBe(403);
  expect((await world.call("POST", "/v1/uploads", { key, body: { content_type: "image/svg+xml", bytes: 10, sha256: "0".repeat(64) } })).status).toBe(422);
  expect((await world.call("POST", "/v1/uploads", { key, body: { content_type: "image/png", bytes: 21 * 1024 * 1024, sha256: "0".repeat(64) } })).status).toBe(422);
});

test.each<[string, Buffer, string, RegExp]>([
  ["a flood of pixels", png(64_250, 64_250), "image/png", /a side may have at most 8192/],
  ["many pixels within the sides", png(8000, 8000), "image/png", /at most 40000000/],
  ["one pixel by four billion", png(1, 4_000_000_000), "image/png", /side/],
  ["HTML", Buffer.from("<!doctype html><script>alert(1)</script>"), "image/png", /size can be read/],
  ["SVG under a PNG's name", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>'), "image/png", /not accepted/],
  ["a PNG announced as JPEG", png(8, 8), "image/jpeg", /announced was image\/jpeg/],
  ["a GIF", Buffer.from("474946383961080008008000000000000000002c00000000080008000002", "hex"), "image/png", /not accepted/],
  ["a truncated header", png(8, 8).subarray(0, 12), "image/png", /size can be read/],
])("%s is rejected when completed, and cannot be used", async (_, bytes, type, reason) => {
  const { key } = await tenant(world.db);
  const ticket = await announce(key, bytes, type);
  expect(await send(ticket, bytes)).toBe(200);
  const done = (await (await complete(key, ticket.id)).json()) as Upload;
  expect(done.state).toBe("rejected");
  expect(done.reason).toMatch(reason);
  const used = await world.call("POST", "/v1/jobs", { key, body: { input: { references: [{ image: ticket.id }] } } });
  expect(((await used.json()) as Problem).code).toBe("invalid_input");
});

test("a deleted upload is gone from the store too", async () => {
  const { key } = await tenant(world.db);
  const bytes = png(8, 8);
  const ticket = await announce(key, bytes);
  await send(ticket, bytes);
  const { url } = (await (await complete(key, ticket.id)).json()) as Upload;
  expect((await world.call("DELETE", `/v1/uploads/${ticket.id}`, { key })).status).toBe(200);
  expect((await fetch(url!)).status).toBe(404);
  expect((await world.call("GET", `/v1/uploads/${ticket.id}`, { key })).status).toBe(404);
});
