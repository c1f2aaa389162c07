import { createServer, type Server } from "node:http";
import type { Metrics } from "./metrics.ts";

/** Serves `/healthz` (the process lives), `/readyz` (it would do its work) and `/metrics` on loopback or the pod's address. */
export const serveStatus = (host: string, port: number, metrics: Metrics, ready: () => Promise<boolean>): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer((request, response) => {
      const answer = (status: number, body: string, type = "text/plain") => response.writeHead(status, { "content-type": type }).end(body);
      switch (request.url) {
        case "/healthz":
          answer(200, "ok");
          break;
        case "/readyz":
          ready().then(
            (yes) => answer(yes ? 200 : 503, yes ? "ready" : "not ready"),
            () => answer(503, "not ready"),
          );
          break;
        case "/metrics":
          metrics.registry.metrics().then(
            (text) => answer(200, text, metrics.registry.contentType),
            () => answer(500, ""),
          );
          break;
        default:
          answer(404, "");
      }
    });
    server.once("error", reject);
    server.listen(port, host, () => resolve(server));
  });
