import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { serveStatus } from "../src/status.ts";
import { tenant, useWorld } from "./world.ts";

const world = useWorld();
let accepts = true;
const status = serveStatus("127.0.0.1", 0, () => (accepts ? Promise.resolve() : Promise.reject(new Error("no database"))));
afterAll(() => status.server.close());

test("requests are counted by route, not by id; readiness follows the database, liveness does not", async () => {
  if (!status.server.listening) await once(status.server, "listening");
  const ask = (path: string) => fetch(`http://127.0.0.1:${(status.server.address() as AddressInfo).port}${path}`);
  const app = createApp({ services: () => ({ ...world.services, count: status.count }), ip: () => undefined });
  const { key } = await tenant(world.db);
  for (const id of ["job_00000000000000000000000000", "job_00000000000000000000000001"]) await app.request(`/v1/jobs/${id}`, { headers: { authorization: `Bearer ${key}` } });
  await world.settled();
  const metrics = await (await ask("/metrics")).text();
  expect(metrics).toContain('deadiff_http_requests_total{method="GET",route="/v1/jobs/:id",status="404"} 2');
  expect((await ask("/readyz")).status).toBe(200);
  accepts = false;
  expect((await ask("/readyz")).status).toBe(503);
  expect((await ask("/healthz")).status).toBe(200);
});
