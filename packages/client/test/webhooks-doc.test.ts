import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";

const text = readFileSync(new URL("../../../docs/webhooks.md", import.meta.url), "utf8");
const snippet = (language: string): string => new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(text)?.[1] ?? "";

const SECRETS = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_bm90IHRoZSBzYW1lIHNlY3JldCBhdCBhbGwh"] as const;
const BODY = '{"type":"job.succeeded","timestamp":"2026-01-01T00:00:00Z","data":{"id":"job_1","note":"é 🐕"}}';

/** Deliveries as the standard's own package signs them, and whether each is to be believed. */
const deliveries = (): { readonly body: string; readonly headers: Record<string, string>; readonly secrets: readonly string[]; readonly good: boolean }[] => {
  const make = (good: boolean, { body = BODY, ageS = 0, signedBy = [SECRETS[0]] as readonly string[], secrets = [SECRETS[0]] as readonly string[] } = {}) => {
    const at = new Date(Math.floor(Date.now() / 1000 - ageS) * 1000);
    const signature = signedBy.map((secret) => new Webhook(secret).sign("msg_1", at, BODY)).join(" ");
    return { body, secrets, good, headers: { "webhook-id": "msg_1", "webhook-timestamp": String(at.getTime() / 1000), "webhook-signature": signature } };
  };
  return [
    make(true),
    make(true, { signedBy: [SECRETS[1], SECRETS[0]] }),
    make(true, { secrets: [SECRETS[1], SECRETS[0]] }),
    make(false, { body: BODY.replace("job_1", "job_2") }),
    make(false, { ageS: 360 }),
    make(false, { ageS: -360 }),
    make(false, { secrets: [SECRETS[1]] }),
  ];
};

/** Runs a program that reads deliveries and writes which of them it believes. */
const expectVerdicts = (program: string, args: readonly string[]): void => {
  const all = deliveries();
  const { stdout, stderr } = spawnSync(program, args, { input: JSON.stringify(all), encoding: "utf8", cwd: fileURLToPath(new URL("..", import.meta.url)) });
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual(all.map(({ good }) => good));
};

test("the TypeScript of the webhooks guide believes what was signed, in a rotation too, and nothing that was changed, is old or of another secret", () => {
  const driver = `
import { text } from "node:stream/consumers";
console.log = () => undefined;
const verdicts = [];
for (const { body, headers, secrets } of JSON.parse(await text(process.stdin))) {
  const answer = await receive(new Request("https://example.com/hook", { method: "POST", body, headers }), secrets);
  verdicts.push(answer.status === 204);
}
process.stdout.write(JSON.stringify(verdicts));
`;
  expectVerdicts(process.execPath, ["--input-type=module-typescript", "--eval", snippet("ts") + driver]);
});

test.skipIf(spawnSync("python3", ["--version"]).status !== 0)("so does its Python", () => {
  const driver = `
import sys
def believes(delivery):
    try:
        return verify(delivery["body"].encode(), delivery["headers"], delivery["secrets"])["type"] == "job.succeeded"
    except ValueError:
        return False
print(json.dumps([believes(delivery) for delivery in json.load(sys.stdin)]))
`;
  expectVerdicts("python3", ["-c", snippet("python") + driver]);
});
