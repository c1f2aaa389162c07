export { createApp, type Host } from "./app.ts";
export { createAdmission } from "./admission.ts";
export { watchAlone, watchTogether } from "./ports/changes.ts";
export { sqsJobQueue } from "./ports/job-queue.ts";
export { s3ObjectStore } from "./ports/object-store.ts";
export { rememberedPlaces } from "./ports/queue-places.ts";
export type { Services } from "./ports/services.ts";
export { openApiDocument } from "./rest/openapi.ts";
export type { AppRouter } from "./router/index.ts";
