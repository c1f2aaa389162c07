export * from "./local/cloud.ts";
