// The contracts alone: no tables, no verbs, so that browsers and clients import nothing of the database.
export * from "./api-key.ts";
export * from "./arena/contract.ts";
export * from "./errors.ts";
export * from "./ids.ts";
export * from "./job/contract.ts";
export * from "./key/contract.ts";
export * from "./limits.ts";
export * from "./model/contract.ts";
export * from "./page.ts";
export * from "./picture/contract.ts";
export * from "./style/contract.ts";
export * from "./session/contract.ts";
export * from "./text.ts";
export * from "./upload/contract.ts";
export * from "./webhook/contract.ts";
