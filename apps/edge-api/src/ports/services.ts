import type { Connection, Id } from "@deadiff/schemas";
import type { Admission } from "../admission.ts";
import type { WebAuthSettings } from "../auth/web-auth.ts";
import type { RingBells } from "./bells.ts";
import type { WatchChanges } from "./changes.ts";
import type { QueuePlaces } from "./queue-places.ts";
import type { Tracing } from "../tracing.ts";
import type { ObjectStore } from "./object-store.ts";

/** Writes one structured line. */
export type Log = (level: "info" | "warn" | "error", event: string, fields: Record<string, unknown>) => void;

/** Everything the app needs of the world, so that it runs the same in workerd, on Node and in tests. */
export interface Services {
  /** Opens a connection for one request (or hands out the process's pool, with a `close` that does nothing). */
  readonly connect: () => Connection;
  readonly store: ObjectStore;
  readonly ring: RingBells;
  readonly watchChanges: WatchChanges;
  readonly admission: Admission;
  readonly queuePlaces: QueuePlaces;
  readonly log: Log;
  /** How people sign in on the web; null: not here. */
  readonly auth: WebAuthSettings | null;
  /** The account of whoever sits at this machine, without signing in: for local installations. */
  readonly localAccount: Id<"account"> | null;
  /** Left out where no collector takes traces. */
  readonly tracing?: Tracing | undefined;
  /** Counts an answered request, where somebody reads the count. `route` names the pattern, not the ids in it. */
  readonly count?: (request: { readonly method: string; readonly route: string; readonly status: number; readonly seconds: number }) => void;
  /** Lets work go on after the answer was sent. */
  readonly after: (work: Promise<unknown>) => void;
}
