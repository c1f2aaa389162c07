export * from "./local/cloud.ts";
export * from "./local/hold-folder.ts";
export * from "./local/process.ts";
export * from "./local/stack.ts";
export * from "./node-args.ts";
