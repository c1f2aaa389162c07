import { defineConfig } from "@playwright/test";
import { launchOptions } from "./test/launch.ts";

export default defineConfig({
  testDir: "test",
  testMatch: "**/*.spec.ts",
  globalSetup: "./test/global-setup.ts",
  // One account and one worker process behind all of them.
  workers: 1,
  forbidOnly: process.env["CI"] !== undefined,
  // A test that passes the second time is reported as flaky, by name, and does not hold a landing up.
  retries: process.env["CI"] === undefined ? 0 : 1,
  // Machines under load make pictures slowly; nothing here is decided by time.
  timeout: 180_000,
  expect: { timeout: 60_000 },
  reporter: [["list"]],
  outputDir: ".playwright",
  use: { trace: "retain-on-failure", launchOptions, viewport: { width: 1440, height: 900 } },
});
