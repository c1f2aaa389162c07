export type { Generate, Generated, GenerateRequest, Progress } from "./generate.ts";
export { serve } from "./inference/serve.ts";
