// What an integrator's page loads: the client's public entry, where the tests can call it.
import * as client from "@deadiff/client";

declare global {
  var deadiff: typeof client;
}

globalThis.deadiff = client;
