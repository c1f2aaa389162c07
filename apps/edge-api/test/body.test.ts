import { connect as openSocket, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { tenant, useWorld } from "./world.ts";

const world = useWorld();
let server: ReturnType<typeof serve>;

beforeAll(async () => {
  server = serve({ fetch: createApp({ services: () => world.services, ip: () => "127.0.0.1" }).fetch, port: 0, hostname: "127.0.0.1" });
  await once(server, "listening");
});
afterAll(() => server.close());

/** A connection, and what the server said on it. */
const open = async (): Promise<{ socket: Socket; heard: () => string; closed: () => boolean }> => {
  const socket = openSocket((server.address() as AddressInfo).port, "127.0.0.1");
  let text = "";
  socket.on("data", (data) => (text += data.toString("latin1")));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return { socket, heard: () => text, closed: () => socket.closed };
};
const until = async (what: () => boolean, withinMs: number): Promise<boolean> => {
  for (const end = performance.now() + withinMs; performance.now() < end && !what(); ) await sleep(20);
  return what();
};
const head = (key: string, length: string): string => `POST /v1/jobs HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\n${length}\r\n\r\n`;
const HEALTH = "GET /v1/health HTTP/1.1\r\nhost: localhost\r\n\r\n";

test.each<[string, number]>([["a megabyte", 1_000_000], ["a picture of 20 MB", 20 * 1024 * 1024]])("after a 413 of %s the connection answers its next request", async (_, bytes) => {
  const { key } = await tenant(world.db);
  const { socket, heard } = await open();
  socket.write(head(key, `content-length: ${bytes}`));
  socket.write("x".repeat(bytes));
  expect(await until(() => heard().includes("HTTP/1.1 413"), 5000)).toBe(true);
  // Longer than a server that does not read on would keep the connection.
  await sleep(800);
  socket.write(HEALTH);
  expect(await until(() => heard().includes("HTTP/1.1 200"), 5000)).toBe(true);
  expect(heard()).not.toMatch(/connection: close/i);
  socket.destroy();
});

test("so it does when the body does not say its length", async () => {
  const { key } = await tenant(world.db);
  const { socket, heard } = await open();
  socket.write(head(key, "transfer-encoding: chunked"));
  for (let i = 0; i < 10; i++) socket.write(`${(50_000).toString(16)}\r\n${"x".repeat(50_000)}\r\n`);
  socket.write("0\r\n\r\n");
  expect(await until(() => heard().includes("HTTP/1.1 413"), 5000)).toBe(true);
  await sleep(800);
  socket.write(HEALTH);
  expect(await until(() => heard().includes("HTTP/1.1 200"), 5000)).toBe(true);
  socket.destroy();
});

test("of a body without end nobody reads on for long: the answer says that the connection closes, and it does", async () => {
  const { key } = await tenant(world.db);
  const { socket, heard, closed } = await open();
  socket.write(head(key, "content-length: 1000000000"));
  const trickle = setInterval(() => {
    socket.write("x".repeat(100));
  }, 50);
  expect(await until(() => heard().includes("HTTP/1.1 413"), 6000)).toBe(true);
  expect(heard()).toMatch(/connection: close/i);
  expect(await until(closed, 3000)).toBe(true);
  clearInterval(trickle);
});
