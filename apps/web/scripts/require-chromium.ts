// Before the browser tests: Chromium is there, is installed (in CI, as root), or the tests end here with the reason.
import { findChromium, installChromium } from "../test/chromium.ts";

const HOW = "npm run chromium";

if (process.argv.includes("--install") || (findChromium() === undefined && process.env["CI"] !== undefined && process.getuid?.() === 0)) installChromium();
const found = findChromium();
if (found === undefined) {
  console.error(`The browser tests need Chromium and found none (CHROMIUM_PATH is ${process.env["CHROMIUM_PATH"] ?? "not set"}).
Install it with \`${HOW}\` (Debian and Ubuntu, as root), or set CHROMIUM_PATH to a Chromium or Chrome.`);
  process.exit(1);
}
console.log(`Chromium: ${found}`);
