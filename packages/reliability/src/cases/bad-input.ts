import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { crc32, deflate } from "node:zlib";
import { LIMITS, type Upload } from "@deadiff/schemas";
import { allDelivered, allEnded, ended, type Account } from "../trial.ts";
import { watchMemory } from "../world/system.ts";
import type { Case } from "./case.ts";

// Beside the event loop: held up for seconds, it would not see that a server closed a connection, and send the next call into it.
const pack = promisify<Buffer, Buffer>(deflate);

const chunk = (type: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
};

const png = async (width: number, height: number, more: readonly Buffer[] = []): Promise<Buffer> => {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", header), ...more, chunk("IDAT", await pack(Buffer.alloc(Math.min((width + 1) * height, 200_000_000)))), chunk("IEND", Buffer.alloc(0))]);
};

const jpegClaiming = (width: number, height: number): Buffer =>
  Buffer.from(`ffd8ffc0000b08${height.toString(16).padStart(4, "0")}${width.toString(16).padStart(4, "0")}01011100ffda0008010100003f00d2cf20ffd9`, "hex");

const textBomb = async (): Promise<Buffer> => chunk("zTXt", Buffer.concat([Buffer.from("a\0\0", "latin1"), await pack(Buffer.alloc(50_000_000))]));

const FILES: readonly { readonly name: string; readonly type: string; readonly make: () => Buffer | Promise<Buffer> }[] = [
  { name: "a JPEG that claims 64,250 x 64,250", type: "image/jpeg", make: () => jpegClaiming(64_250, 64_250) },
  { name: "a PNG of 14,000 x 14,000 in 200 kB", type: "image/png", make: () => png(14_000, 14_000) },
  { name: "a PNG of 6,300 x 6,300, just within the limit", type: "image/png", make: () => png(6300, 6300) },
  { name: "a PNG of 1 x 4,000,000,000", type: "image/png", make: () => png(1, 4_000_000_000) },
  { name: "a PNG with 50 MB of packed text", type: "image/png", make: async () => png(16, 16, [await textBomb()]) },
  { name: "zeros", type: "image/png", make: () => Buffer.alloc(2000) },
  { name: "HTML that says it is a PNG", type: "image/png", make: () => Buffer.from("<!doctype html><script>alert(1)</script>") },
  { name: "SVG that says it is a PNG", type: "image/png", make: () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>') },
  { name: "a PNG cut in half", type: "image/png", make: async () => (await png(900, 900)).subarray(0, 300) },
  { name: "a PNG with a script behind it", type: "image/png", make: async () => Buffer.concat([await png(16, 16), Buffer.from("<script>alert(1)</script>")]) },
];

const send = async (account: Account, type: string, bytes: Buffer): Promise<Upload> => {
  const ticket = await account.call<Upload & { put: { url: string; headers: Record<string, string> } }>("POST", "/v1/uploads", { content_type: type, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });
  if (ticket.status > 201) throw new Error(`upload: ${ticket.status}`);
  const put = await fetch(ticket.body.put.url, { method: "PUT", body: new Uint8Array(bytes), headers: ticket.body.put.headers });
  if (put.status !== 200) throw new Error(`put: ${put.status}`);
  return (await account.call<Upload>("POST", `/v1/uploads/${ticket.body.id}/complete`, {})).body;
};

const f1: Case = {
  id: "F1",
  title: "bombs, cut files and polyglots as references, through upload, job and worker",
  pass: "refused by name or made into a picture; no process dies, supervisors grow by at most 64 MB",
  count: 2,
  run: async (trial) => {
    const { world } = trial;
    const account = await trial.account({ endpoints: [{}] });
    const failures: string[] = [];
    const outcomes: Record<string, number> = {};
    const pids = world.members.map(({ process }) => process.pid());
    const watching = await watchMemory(world.workers.map(({ process }) => process.pid()));
    for (let i = 0; i < trial.count; i++) {
      for (const { name, type, make } of FILES) {
        const upload = await send(account, type, await make());
        if (upload.state !== "ready") {
          outcomes["refused at upload"] = (outcomes["refused at upload"] ?? 0) + 1;
          continue;
        }
        const job = await account.create({ more: { input: { references: [{ image: upload.id }], prompt: "a dog", steps: 1 } } });
        const { state, error } = await ended(account, job.id);
        const outcome = state === "succeeded" ? "made into a picture" : `ended as ${String(error?.code)}`;
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        if (!["succeeded", "failed"].includes(state) || !["undefined", "invalid_image", "image_too_large", "unsupported_format"].includes(String(error?.code))) failures.push(`${name}: ${state} ${String(error?.code)}`);
      }
    }
    const { beforeMb, peakMb } = watching.stop();
    if (world.members.some(({ process }, i) => process.pid() !== pids[i])) failures.push("a process died");
    if (peakMb - beforeMb > 64) failures.push(`a supervisor grew by ${Math.round(peakMb - beforeMb)} MB`);
    await allEnded(trial);
    await allDelivered(trial);
    return { counts: outcomes, figures: { "largest growth of a supervisor": `${Math.round(peakMb - beforeMb)} MB` }, failures };
  },
};

const deep = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

const f6: Case = {
  id: "F6",
  title: "hostile strings and bodies: 1 MB prompt, NUL, lone surrogates, __proto__, 1e999, 10,000 levels, broken JSON",
  pass: "4xx as a problem document, or accepted as plain text; never a 5xx",
  count: 3,
  run: async (trial) => {
    const account = await trial.account({ endpoints: [{}] });
    const failures: string[] = [];
    const statuses: Record<string, number> = {};
    const refs = `"references":[{"image":"${account.image}"}]`;
    const bodies = [
      `{"input":{${refs},"prompt":"${"x".repeat(1_000_000)}"}}`,
      `{"input":{${refs},"prompt":"a\\u0000b"}}`,
      `{"input":{${refs},"prompt":"\\ud800"}}`,
      `{"input":{${refs},"__proto__":{"steps":1}}}`,
      `{"input":{${refs},"strength":1e999}}`,
      `{"input":{${refs},"strength":NaN}}`,
      `{"input":${deep(10_000)}}`,
      `{"input":{${refs}},"metadata":{"__proto__":"x"}}`,
      "[".repeat(100_000),
      "{",
      "",
      "null",
      `{"input":{"references":[{"image":"img_' or 1=1 --"}]}}`,
      `{"input":{"references":[{"url":"file:///etc/passwd"}]}}`,
    ];
    for (let i = 0; i < trial.count; i++) {
      for (const body of bodies) {
        const response = await fetch(`${trial.world.apiUrl}/v1/jobs`, { method: "POST", headers: { authorization: `Bearer ${account.keys.live}`, "content-type": "application/json" }, body }).catch(() => undefined);
        if (response === undefined) {
          // More than the API reads: it may hang up before all of it was sent.
          if (body.length <= LIMITS.requestBytes) failures.push(`${body.slice(0, 60)} got no answer`);
          statuses["too large, hung up on"] = (statuses["too large, hung up on"] ?? 0) + 1;
          continue;
        }
        statuses[`answered ${response.status}`] = (statuses[`answered ${response.status}`] ?? 0) + 1;
        const text = await response.text();
        if (response.status >= 500) failures.push(`${body.slice(0, 60)} answered ${response.status}`);
        else if (response.status >= 400 && response.headers.get("content-type") !== "application/problem+json") failures.push(`${body.slice(0, 60)} answered no problem document`);
        else if (response.status < 300) {
          const { id } = JSON.parse(text) as { id: string };
          trial.world.log.note({ kind: "created", account: account.id, key: id, job: id, price: 1 });
        }
      }
      for (const prompt of ["\u202egod a", "Z\u0351\u036e\u0346a\u0324lgo", "'; drop table jobs; --", "{{7*7}} ${7*7} <script>"]) await account.create({ prompt });
    }
    await allEnded(trial);
    await allDelivered(trial);
    return { counts: statuses, failures };
  },
};

/** Section F: bad pictures and strings. */
export const BAD_INPUT: readonly Case[] = [f1, f6];
