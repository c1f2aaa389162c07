import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openLink, type Link } from "../src/faults/link.ts";
import { callTrap, statementTrap } from "../src/faults/traps.ts";

let server: Server;
let link: Link;
const arrived: string[] = [];
const clients: Socket[] = [];
beforeAll(async () => {
  server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      arrived.push(bytes.toString());
      socket.write(`echo ${bytes.toString()}`);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => server.close());
beforeEach(async () => {
  arrived.length = 0;
  link = await openLink((server.address() as AddressInfo).port);
});
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  link.close();
});

const dial = async (): Promise<{ socket: Socket; heard: () => string; closed: () => boolean }> => {
  const socket = connect(link.port, "127.0.0.1");
  clients.push(socket);
  let heard = "";
  let closed = false;
  socket.on("data", (bytes) => (heard += bytes.toString()));
  socket.on("error", () => undefined);
  socket.on("close", () => (closed = true));
  await once(socket, "connect");
  return { socket, heard: () => heard, closed: () => closed };
};
const soon = { timeout: 10_000, interval: 10 };

test("a healthy link passes bytes both ways", async () => {
  const { socket, heard } = await dial();
  socket.write("hello");
  await expect.poll(heard, soon).toBe("echo hello");
});

test("a black hole holds bytes and lets them go when it closes", async () => {
  const { socket, heard } = await dial();
  link.set({ kind: "black_hole" });
  socket.write("hello");
  await sleep(100);
  expect(arrived).toEqual([]);
  link.set({ kind: "none" });
  await expect.poll(heard, soon).toBe("echo hello");
});

test("a half-open link lets the server do its work, never tells the client, and is cut when it ends", async () => {
  const { socket, heard, closed } = await dial();
  link.set({ kind: "half_open" });
  socket.write("hello");
  await expect.poll(() => arrived, soon).toEqual(["hello"]);
  expect(heard()).toBe("");
  link.set({ kind: "none" });
  await expect.poll(closed, soon).toBe(true);
  expect(heard()).toBe("");
});

test("a reset cuts what is open and what comes", async () => {
  const { closed } = await dial();
  link.set({ kind: "reset" });
  await expect.poll(closed, soon).toBe(true);
  const late = connect(link.port, "127.0.0.1");
  const [error] = (await once(late, "error")) as [NodeJS.ErrnoException];
  expect(error.code).toBe("ECONNRESET");
});

test("a throttle and a latency take their time and lose nothing", async () => {
  for (const fault of [{ kind: "throttle", bytesPerS: 100 }, { kind: "latency", ms: 100 }] as const) {
    const { socket, heard } = await dial();
    link.set(fault);
    const started = performance.now();
    socket.write("0123456789012345");
    // The server may hear it in pieces and answers each.
    await expect.poll(() => heard().replaceAll("echo ", ""), soon).toBe("0123456789012345");
    expect(performance.now() - started).toBeGreaterThan(150);
    link.set({ kind: "none" });
  }
});

test("traps spring at their moment: before the order leaves, or when its answer comes, which is lost", async () => {
  for (const [moment, orders] of [["before", ["parse insert"]], ["after", ["parse insert", "execute"]]] as const) {
    arrived.length = 0;
    let sprung = 0;
    link.tap(statementTrap("insert", moment, () => sprung++));
    const { socket, heard } = await dial();
    socket.write("parse insert");
    await expect.poll(heard, soon).toBe("echo parse insert");
    socket.write("execute");
    await expect.poll(() => sprung, soon).toBe(1);
    expect(heard()).toBe("echo parse insert");
    expect(arrived).toEqual(orders);
  }
  let calls = 0;
  link.tap(callTrap("SendMessageBatch", "after", () => calls++));
  const { socket, heard } = await dial();
  socket.write("POST / SendMessageBatch");
  await expect.poll(() => calls, soon).toBe(1);
  expect(heard()).toBe("");
});
