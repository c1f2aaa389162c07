export * from "./migrate.ts";
export * from "./postgres.ts";
export * from "./scratch.ts";
export * from "./scratch-database.ts";
