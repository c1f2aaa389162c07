import { defineConfig } from "vitest/config";

// Generous, because tests share a small machine with each other: a test that hangs still ends.
export default defineConfig({ test: { testTimeout: 60_000, hookTimeout: 60_000 } });
