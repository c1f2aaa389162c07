/** Cases of the platform's plan that this harness does not run. */
export const NOT_RUN: readonly { readonly id: string; readonly why: string }[] = [
  { id: "A8", why: "needs a second Postgres to fail over to; with one server every commit waits for the disk, and A7 and A9 show that no acknowledged one is lost" },
  { id: "B5", why: "part of B4: prolonging a message's invisibility fails there as well" },
  { id: "B12", why: "a transaction held open for 30 minutes under load needs more time than a run has" },
  { id: "B13", why: "there is one version of the schema so far, so there is nothing to roll between" },
  { id: "C7", why: "the API has no verb that deletes an account" },
  { id: "D5", why: "a load test: see `docs/load.md`" },
  { id: "D9", why: "needs no processes: `packages/client/test/verify-webhook.test.ts`" },
  { id: "E4", why: "part of E2" },
  { id: "F2 to F5, F7", why: "need no processes: `apps/gpu-worker/test/decode.test.ts` and `apps/edge-api/test/uploads.test.ts`; F1 sends some of them through the whole" },
  { id: "F8", why: "this world may reach loopback, where its receivers are; the matrix of addresses with canary listeners is `apps/gpu-worker/test/net.test.ts`" },
  { id: "G", why: "`apps/edge-api/test/security.test.ts` and `apps/edge-api/test/openapi.test.ts`" },
  { id: "H1", why: "24 hours" },
];
