import { fileURLToPath } from "node:url";
import type { NextConfig } from "next";

const config: NextConfig = {
  // The starter shelf and the contracts lie outside this folder.
  turbopack: { root: fileURLToPath(new URL("../..", import.meta.url)) },
  transpilePackages: ["@deadiff/schemas"],
  experimental: { optimizePackageImports: ["radix-ui", "lucide-react"] },
  allowedDevOrigins: ["127.0.0.1"],
  // `npm run typecheck` does it, once.
  typescript: { ignoreBuildErrors: true },
  poweredByHeader: false,
  reactStrictMode: true,
  // Pictures are small PNG files whose text chunks matter: nothing may re-encode them.
  images: { unoptimized: true },
  headers: () =>
    Promise.resolve([
      {
        source: "/:path*",
        headers: [
          { key: "x-content-type-options", value: "nosniff" },
          { key: "referrer-policy", value: "strict-origin-when-cross-origin" },
          { key: "x-frame-options", value: "DENY" },
        ],
      },
    ]),
};

export default config;
