import type { Context } from "./context.ts";

/** What the middleware leaves for the handlers. */
export interface AppEnv {
  Variables: {
    context: Context;
    /** The whole body; null where none was sent. */
    body: ArrayBuffer | null;
  };
}
