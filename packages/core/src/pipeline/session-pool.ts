import type { HostTensor, Kept, RunOptions, Session } from "../session.ts";
import { GRAPH_NAMES } from "./graphs.ts";
import type { GraphName } from "./graphs.ts";

/** The sessions of a model, opened when first needed and closed when nobody runs them. */
export type SessionPool = {
  run: (graph: GraphName, feeds: Readonly<Record<string, HostTensor | Kept>>, options?: RunOptions) => Promise<Record<string, HostTensor>>;
  warm: (graphs: readonly GraphName[]) => Promise<void>;
  release: (graphs?: readonly GraphName[]) => Promise<void>;
};

type Entry = { session: Promise<Session>; runs: Set<Promise<unknown>> };

/** A pool over a way to open a graph. A graph that failed to open is tried again at the next run. */
export function sessionPool(open: (graph: GraphName) => Promise<Session>): SessionPool {
  const entries = new Map<GraphName, Entry>();
  const entryOf = (graph: GraphName): Entry => {
    const known = entries.get(graph);
    if (known !== undefined) return known;
    const entry: Entry = { session: open(graph), runs: new Set() };
    entries.set(graph, entry);
    entry.session.catch(() => {
      if (entries.get(graph) === entry) entries.delete(graph);
    });
    return entry;
  };
  const close = async (graph: GraphName): Promise<void> => {
    const entry = entries.get(graph);
    if (entry === undefined) return;
    entries.delete(graph); // runs from here on open a session of their own
    await Promise.allSettled(entry.runs);
    await (await entry.session).close();
  };
  return {
    async run(graph, feeds, options) {
      const entry = entryOf(graph);
      const run = entry.session.then((session) => session.run(feeds, options));
      entry.runs.add(run);
      try {
        return await run;
      } finally {
        entry.runs.delete(run);
      }
    },
    async warm(graphs) {
      await Promise.all(graphs.map((graph) => entryOf(graph).session));
    },
    async release(graphs = GRAPH_NAMES) {
      await Promise.all(graphs.map(close));
    },
  };
}
