import { fork } from "node:child_process";
import { once } from "node:events";
import { DeadiffError } from "../errors.ts";
import type { SessionSource } from "../session.ts";
import type { RuntimeOptions } from "./options.ts";

export const GRAPH_FILE = "graph.onnx";
export const WEIGHTS_FILE = "graph.weights";

/** What the baking process is told. */
export type BakeRequest = { source: SessionSource; folder: string; options: RuntimeOptions };

/** What it answers. */
export type BakeReply = { ok: true } | { ok: false; message: string };

/**
 * Optimises a source and writes the result to a folder, in a process of its own: it needs every weight in memory, twice
 * at its height, and would leave the calling process with a heap that never shrinks.
 *
 * @throws `bake_failed`
 */
export async function bakeGraph(source: SessionSource, folder: string, options: RuntimeOptions): Promise<void> {
  const child = fork(new URL("./bake-child.ts", import.meta.url), { serialization: "advanced", execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const replied = (once(child, "message") as Promise<[BakeReply]>).then(([reply]) => reply);
  // Settled by whichever comes first; the other must not count as unhandled.
  replied.catch(() => undefined);
  exited.catch(() => undefined);
  const request: BakeRequest = { source, folder, options };
  child.send(request, () => undefined);
  const ended = exited.then(([code, signal]): BakeReply => ({ ok: false, message: `the baking process ended with ${signal ?? `code ${code ?? "unknown"}`}` }));
  const reply = await Promise.race([replied, ended]);
  await exited;
  if (!reply.ok) throw new DeadiffError("bake_failed", `${source.name}: ${reply.message}`);
}
