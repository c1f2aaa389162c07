import { findChromium } from "./chromium.ts";

const executablePath = findChromium();

/** How Chromium is started: quiet, without network of its own, and as root where there is nobody else. */
export const launchOptions = {
  ...(executablePath === undefined ? {} : { executablePath }),
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
};
