import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** What the product says once it is up. */
export interface Served {
  readonly webUrl: string;
  /** The web app of a hosted installation on the same data: people sign in there. */
  readonly hostedUrl: string;
  readonly apiUrl: string;
  /** A live key of the account. */
  readonly key: string;
}

/** Starts {@link Served} in a process of its own: it outlives nobody. */
export const startServed = async (): Promise<Served & { readonly stop: () => Promise<void> }> => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "serve.ts")], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith("{\"webUrl\"")) continue;
    const served = JSON.parse(line) as Served;
    return {
      ...served,
      stop: async () => {
        child.stdin.end();
        await ended;
      },
    };
  }
  throw new Error("the product did not start: see above");
};
