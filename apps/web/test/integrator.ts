import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Serves a page with the client in it, bundled for browsers, from an origin that is neither the API's nor the store's. */
export const serveIntegrator = async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("client-page.ts", import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    // Anything of Node's would end the build.
    platform: "browser",
    format: "esm",
    target: "es2024",
    logLevel: "silent",
  });
  const [script] = outputFiles;
  if (script === undefined) throw new Error("the client was not bundled");
  const server = createServer((request, response) => {
    if (request.url === "/client.js") response.writeHead(200, { "content-type": "text/javascript" }).end(script.contents);
    else if (request.url === "/") response.writeHead(200, { "content-type": "text/html" }).end('<!doctype html><link rel="icon" href="data:,"><script type="module" src="/client.js"></script>');
    else response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};
