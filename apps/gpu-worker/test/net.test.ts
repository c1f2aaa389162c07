import type { ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { createServer as createPlainServer, type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { post } from "../src/deliver/post.ts";
import { mayConnect, PUBLIC_ONLY } from "../src/net/addresses.ts";
import { checkUrl, guardedAgent, type Resolve } from "../src/net/guarded.ts";
import { fetchReference } from "../src/references/fetch-url.ts";
import { LOOPBACK, TLS } from "./world.ts";

// Listeners on every local address: a connection that reaches one of them is a hole.
let touched = 0;
const canaries: { server: ReturnType<typeof createPlainServer>; port: number }[] = [];
let receiver: Server;
let receiverPort: number;
let handler: (path: string, response: ServerResponse) => void = () => undefined;

beforeAll(async () => {
  for (const host of ["127.0.0.1", "::1"]) {
    const server = createPlainServer((socket) => {
      touched += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, host, resolve).once("error", () => resolve()));
    if (server.listening) canaries.push({ server, port: (server.address() as AddressInfo).port });
  }
  receiver = createServer(TLS, (request, response) => handler(request.url ?? "/", response));
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  receiverPort = (receiver.address() as AddressInfo).port;
});
afterAll(() => {
  for (const { server } of canaries) server.close();
  receiver.closeAllConnections();
  receiver.close();
});

const V4 = ["127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f.1", "0x7f000001", "0x7f.0x0.0x0.0x1", "017700000001", "0177.0.0.1", "0177.1", "127.0.0.1.", "0", "0.0.0.0", "10.0.0.1", "10.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.1", "169.254.169.254", "0xa9fea9fe", "2852039166", "169.254.0.1", "100.64.0.1", "100.100.100.200", "192.0.0.1", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"];
const V6 = ["[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[::127.0.0.1]", "[::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[2001:0:7f00:1::]", "[2001::1]", "[fc00::1]", "[fd00::1]", "[fd00:ec2::254]", "[fe80::1]", "[febf::1]", "[fec0::1]", "[ff02::1]", "[ff00::]", "[2001:db8::1]", "[100::1]", "[2001:10::1]", "[2001:20::1]", "[5f00::1]", "[3fff::1]"];
const FORMS = ["http://93.184.215.14/", "ftp://93.184.215.14/", "file:///etc/passwd", "gopher://127.0.0.1/", "data:image/png;base64,AAAA", "javascript:alert(1)", "https://user@93.184.215.14/", "https://user:pw@93.184.215.14/", "https://93.184.215.14:22/", "https://93.184.215.14:80/", "https://93.184.215.14:6379/", "https://", "//127.0.0.1/", "https:/127.0.0.1", "https:127.0.0.1", "https://①②⑦.⓪.⓪.①/", "https://127。0。0。1/", "https://%31%32%37.0.0.1/", "https://[::1%25eth0]/", "https://[fe80::1%25lo]/", "https://127.0.0.1\\@93.184.215.14/", "https://93.184.215.14@127.0.0.1/", "", "not an address", "unix:///var/run/docker.sock", "https://0x7f.1:443/", "https://127.0.0.1:8443/x?y#z"];
const LITERALS = [...V4, ...V6].flatMap((host) => [`https://${host}/`, `https://${host}:8443/latest/meta-data`]);
const NAMES = ["localhost", "localhost.", "LOCALHOST", "foo.localhost"];

test(`${[...LITERALS, ...FORMS].length} forbidden addresses are refused before anything is sent`, () => {
  for (const url of [...LITERALS, ...FORMS]) expect(() => checkUrl(PUBLIC_ONLY, url), url).toThrow();
  for (const url of ["https://93.184.215.14/", "https://example.com/hook?a=b", "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:8443/"]) expect(checkUrl(PUBLIC_ONLY, url).protocol).toBe("https:");
});

test("ranges that are nobody's public address are refused to the resolver as well", () => {
  for (const host of V6) expect(mayConnect(PUBLIC_ONLY, host.slice(1, -1)), host).toBe(false);
  for (const address of ["8.8.8.8", "2606:4700::1111"]) expect(mayConnect(PUBLIC_ONLY, address)).toBe(true);
  expect(mayConnect({ ...PUBLIC_ONLY, alsoAllow: ["10.0.0.0/8"] }, "10.2.3.4")).toBe(true);
  expect(mayConnect({ ...PUBLIC_ONLY, alsoAllow: ["10.0.0.0/8"] }, "::ffff:10.2.3.4")).toBe(true);
  expect(mayConnect({ ...PUBLIC_ONLY, alsoAllow: ["10.0.0.0/8"] }, "127.0.0.1")).toBe(false);
});

describe.each([
  ["webhooks", async (agent: ReturnType<typeof guardedAgent>, policy: typeof LOOPBACK, url: string) => (await post(agent, policy, url, "{}", {}, 3000)).outcome === "refused"],
  ["references", async (agent: ReturnType<typeof guardedAgent>, policy: typeof LOOPBACK, url: string) => fetchReference(agent, policy, url, AbortSignal.timeout(5000), 10).then(() => false, (error: unknown) => (error as { code?: string }).code === "reference_blocked")],
])("%s", (_, isBlocked) => {
  const policy = { ...PUBLIC_ONLY, ports: "any" as const };

  test("no form of a forbidden address, name or answer of a resolver reaches a local listener", async () => {
    const before = touched;
    const agent = guardedAgent(policy, 1000);
    const at = (url: string) => canaries.map(({ port }) => url.replace(/^(https:\/\/(?:\[[^\]]*\]|[^/:]+))(?::\d+)?/, `$1:${port}`));
    for (const url of [...LITERALS, ...NAMES.map((name) => `https://${name}/`)].flatMap(at)) {
      const blocked = await isBlocked(agent, policy, url);
      // A name that does not resolve here fails otherwise; what counts is that nothing is reached.
      if (!/^https:\/\/[^/]*localhost/i.test(url)) expect(blocked, url).toBe(true);
    }
    expect(touched).toBe(before);
    await agent.close();
  });

  test("a name that changes its mind between looks, or hides a private address among public ones, is refused", async () => {
    const before = touched;
    const { port } = canaries[0]!;
    let looks = 0;
    const flipping: Resolve = (_name, done) => done(null, looks++ % 2 === 0 ? [{ address: "127.0.0.1", family: 4 }] : [{ address: "10.0.0.1", family: 4 }]);
    const mixed: Resolve = (_name, done) => done(null, [{ address: "93.184.215.14", family: 4 }, { address: "127.0.0.1", family: 4 }]);
    for (const resolve of [flipping, mixed]) {
      const agent = guardedAgent(policy, 1000, resolve);
      for (let i = 0; i < 3; i++) expect(await isBlocked(agent, policy, `https://rebind.example:${port}/`)).toBe(true);
      await agent.close();
    }
    expect(touched).toBe(before);
  });
});

describe("a receiver that behaves badly", () => {
  const agent = guardedAgent(LOOPBACK, 1000);
  const to = (path: string, totalMs = 1000) => post(agent, LOOPBACK, `https://127.0.0.1:${receiverPort}${path}`, "{}", { "content-type": "application/json" }, totalMs);
  const serveWith = (answer: typeof handler) => (handler = answer);
  afterAll(() => agent.destroy());

  test.each([301, 302, 303, 307, 308])("a redirect (%i) is a failure, and its target is never contacted", async (status) => {
    const before = touched;
    serveWith((_, response) => response.writeHead(status, { location: `https://127.0.0.1:${canaries[0]!.port}/` }).end());
    expect(await to("/")).toMatchObject({ outcome: "failed", status });
    expect(touched).toBe(before);
  });

  test("an answer without end is cut at 16 KiB and counts by its status", async () => {
    serveWith((_, response) => {
      response.writeHead(200);
      const more = setInterval(() => response.write("x".repeat(64 * 1024)), 1);
      response.once("close", () => clearInterval(more));
    });
    const posted = await to("/");
    expect(posted.outcome).toBe("ok");
    expect(posted.response).toHaveLength(16 * 1024);
  });

  test("silence, and a body that drips, are timeouts", async () => {
    serveWith(() => undefined);
    expect(await to("/", 300)).toMatchObject({ outcome: "timeout", status: null });
    serveWith((_, response) => {
      response.writeHead(200);
      response.write("x");
    });
    expect(await to("/", 300)).toMatchObject({ outcome: "timeout", status: 200 });
  });

  test("a line that breaks after status and headers counts by its status; before, it is a failure", async () => {
    serveWith((_, response) => {
      response.writeHead(204, { "content-length": "0" });
      response.end();
    });
    expect(await to("/")).toMatchObject({ outcome: "ok", status: 204 });
    serveWith((_, response) => {
      response.writeHead(200, { "content-length": "10" });
      response.write("x", () => response.destroy());
    });
    expect(await to("/")).toMatchObject({ outcome: "ok", status: 200, response: null });
    serveWith((_, response) => response.destroy());
    expect(await to("/")).toMatchObject({ outcome: "failed", status: null });
  });

  test("headers without bound are a failure", async () => {
    serveWith((_, response) => response.writeHead(200, { "x-large": "x".repeat(64 * 1024) }).end());
    expect(await to("/")).toMatchObject({ outcome: "failed" });
  });

  test("a reference may move three times and no further, never to a forbidden place, and 20 MB is the end", async () => {
    const fetchIt = (path: string) => fetchReference(agent, LOOPBACK, `https://127.0.0.1:${receiverPort}${path}`, AbortSignal.timeout(8000), 10);
    serveWith((path, response) => {
      const hop = Number(path.slice(1));
      if (hop > 0) response.writeHead(302, { location: `/${hop - 1}` }).end();
      else response.end("picture");
    });
    expect(Buffer.from(await fetchIt("/3")).toString()).toBe("picture");
    await expect(fetchIt("/4")).rejects.toMatchObject({ code: "reference_unreachable" });
    for (const location of [`https://localhost:${canaries[0]!.port}/`, "http://127.0.0.1/", "https://10.0.0.1/", "file:///etc/passwd", "https://["]) {
      serveWith((_, response) => response.writeHead(302, { location }).end());
      // `localhost` may mean an address that is allowed here; its listener then breaks the line.
      await expect(fetchIt("/"), location).rejects.toMatchObject({ name: "JobError", ...(location.includes("localhost") ? {} : { code: "reference_blocked" }) });
    }
    serveWith((_, response) => {
      response.writeHead(200);
      const more = setInterval(() => response.write(Buffer.alloc(1024 * 1024)), 1);
      response.once("close", () => clearInterval(more));
    });
    await expect(fetchIt("/")).rejects.toMatchObject({ code: "image_too_large" });
    serveWith((_, response) => response.writeHead(500).end());
    await expect(fetchIt("/")).rejects.toMatchObject({ code: "reference_unreachable" });
  });
});
