import { LIMITS, type SignUrl } from "@deadiff/schemas";
import type { ObjectStore } from "./ports/object-store.ts";

/** Signs addresses of outputs and previews with their usual lifetime. */
export const outputSigner =
  (store: ObjectStore): SignUrl =>
  (key) =>
    store.signGet(key, LIMITS.outputUrlHours * 3600);
