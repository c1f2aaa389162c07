export * from "./accounts.ts";
export * from "./jobs.ts";
export * from "./media.ts";
export * from "./webhooks.ts";
