import { createServer, type Server } from "node:http";
import { collectDefaultMetrics, Counter, Histogram, Registry } from "prom-client";
import type { Services } from "./ports/services.ts";

/** What the API on Node tells the inside of an installation. In workerd the runtime's own observability takes its place. */
export interface Status {
  readonly count: NonNullable<Services["count"]>;
  readonly server: Server;
}

/** Serves `/healthz` (the process lives), `/readyz` (it would accept creates) and `/metrics` (Prometheus). */
export const serveStatus = (host: string, port: number, ready: () => Promise<unknown>): Status => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const labelNames = ["method", "route", "status"] as const;
  const requests = new Counter({ name: "deadiff_http_requests_total", help: "Answered requests", labelNames, registers });
  const seconds = new Histogram({ name: "deadiff_http_request_seconds", help: "Seconds until the answer began", labelNames: ["method", "route"], buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 1, 5, 30, 60], registers });
  const server = createServer((request, response) => {
    const answer = (status: number, body: string, type = "text/plain") => response.writeHead(status, { "content-type": type }).end(body);
    switch (request.url) {
      case "/healthz":
        answer(200, "ok");
        break;
      case "/readyz":
        ready().then(
          () => answer(200, "ready"),
          () => answer(503, "not ready"),
        );
        break;
      case "/metrics":
        registry.metrics().then(
          (text) => answer(200, text, registry.contentType),
          () => answer(500, ""),
        );
        break;
      default:
        answer(404, "");
    }
  });
  server.listen(port, host);
  return {
    server,
    count: ({ method, route, status, seconds: took }) => {
      requests.inc({ method, route, status: String(status) });
      seconds.observe({ method, route }, took);
    },
  };
};
