export * from "./accounts.ts";
export * from "./auth.ts";
export * from "./gallery.ts";
export * from "./jobs.ts";
export * from "./mail.ts";
export * from "./media.ts";
export * from "./webhooks.ts";
