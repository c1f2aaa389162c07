import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

const folder = fileURLToPath(new URL("..", import.meta.url));
const wrangler = fileURLToPath(new URL("../../../node_modules/wrangler/bin/wrangler.js", import.meta.url));
/** What an isolate may weigh packed on the smallest plan. Source: Cloudflare Workers, Platform, Limits, "Worker size". */
const PACKED_MAX_BYTES = 3 * 1024 * 1024;

test("what is deployed to the edge builds from the production settings, without a script of Node alone, within the smallest plan's size, as documented", async () => {
  const out = await mkdtemp(join(tmpdir(), "deadiff-edge-"));
  try {
    const quiet = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_SEND_ERROR_REPORTS: "false", WRANGLER_LOG_PATH: out, CLOUDFLARE_CF_FETCH_ENABLED: "false" };
    const { stdout } = await promisify(execFile)(process.execPath, [wrangler, "deploy", "--dry-run", "-c", "wrangler.production.jsonc", "--outdir", out], { cwd: folder, env: quiet });
    expect(stdout).toContain("env.HYPERDRIVE");
    const bundle = await readFile(join(out, "worker.js"));
    const packed = gzipSync(bundle).length;
    expect(packed).toBeLessThan(PACKED_MAX_BYTES);
    expect(bundle.toString()).not.toMatch(/onnxruntime|node_modules\/sharp\//);
    const documented = /The bundle has ([\d.]+) MB, ([\d.]+) MB packed/.exec(await readFile(new URL("../../../docs/deploy.md", import.meta.url), "utf8"));
    for (const [said, bytes] of [[documented?.[1], bundle.length], [documented?.[2], packed]] as const) {
      // Within a tenth: a dependency that moves it more than that is worth a look.
      expect(Math.abs(Number(said) * 1e6 - bytes) / bytes, `docs/deploy.md says ${said} MB, built were ${(bytes / 1e6).toFixed(2)} MB`).toBeLessThan(0.1);
    }
  } finally {
    await rm(out, { recursive: true, force: true });
  }
  // Seconds on an idle machine; bundling takes turns with whatever else is tested.
}, 300_000);
