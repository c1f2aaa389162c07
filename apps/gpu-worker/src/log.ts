import { API_KEY_PATTERN } from "@deadiff/schemas";

/** Writes one structured line. */
export type Log = (level: "info" | "warn" | "error", event: string, fields?: Record<string, unknown>) => void;

/** One line of JSON on standard output per event; whatever looks like an API key is blanked. */
export const logTo =
  (service: string): Log =>
  (level, event, fields = {}) => {
    const line = JSON.stringify({ time: new Date().toISOString(), level, service, event, ...fields }, (_, value: unknown) =>
      value instanceof Error ? { message: value.message, stack: value.stack } : value,
    );
    process.stdout.write(`${line.replace(API_KEY_PATTERN, "dd_***")}\n`);
  };
