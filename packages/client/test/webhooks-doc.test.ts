import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
const expectVerdicts = (program: string, args: readonly string[], cwd = fileURLToPath(new URL("..", import.meta.url))): void => {
  const all = deliveries();
  const { stdout, stderr } = spawnSync(program, args, { input: JSON.stringify(all), encoding: "utf8", cwd });
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

const isHere = (program: string, ...args: readonly string[]): boolean => spawnSync(program, args).status === 0;

test.skipIf(!isHere("python3", "--version"))("so does its Python", () => {
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

test.skipIf(!isHere("go", "version"))("so does its Go, where Go is installed", async () => {
  const driver = `package main

import (
	"encoding/json"
	"net/http"
	"os"

	"example.com/receiver/webhooks"
)

func main() {
	var deliveries []struct {
		Body    string
		Headers map[string]string
		Secrets []string
	}
	if err := json.NewDecoder(os.Stdin).Decode(&deliveries); err != nil {
		panic(err)
	}
	verdicts := []bool{}
	for _, delivery := range deliveries {
		header := http.Header{}
		for name, value := range delivery.Headers {
			header.Set(name, value)
		}
		verdicts = append(verdicts, webhooks.Verify([]byte(delivery.Body), header, delivery.Secrets) == nil)
	}
	if err := json.NewEncoder(os.Stdout).Encode(verdicts); err != nil {
		panic(err)
	}
}
`;
  const folder = await mkdtemp(join(tmpdir(), "deadiff-go-"));
  try {
    await mkdir(join(folder, "webhooks"));
    await writeFile(join(folder, "go.mod"), "module example.com/receiver\n\ngo 1.19\n");
    await writeFile(join(folder, "webhooks", "verify.go"), snippet("go"));
    await writeFile(join(folder, "main.go"), driver);
    expectVerdicts("go", ["run", "."], folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  // The first build compiles what it needs of Go's own library.
}, 300_000);
