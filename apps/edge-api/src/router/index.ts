import { router } from "../trpc.ts";
import { arenaRouter } from "./arena.ts";
import { eventsRouter, keysRouter, limitsRouter, usageRouter } from "./account.ts";
import { healthRouter } from "./health.ts";
import { jobsRouter } from "./jobs.ts";
import { matricesRouter } from "./matrices.ts";
import { modelsRouter } from "./models.ts";
import { picturesRouter, sharedRouter } from "./pictures.ts";
import { sessionRouter } from "./session.ts";
import { stylesRouter } from "./styles.ts";
import { uploadsRouter } from "./uploads.ts";
import { webhooksRouter } from "./webhooks.ts";

/** Every procedure of the API. REST, OpenAPI and the typed client are read from it. */
export const appRouter = router({
  jobs: jobsRouter,
  matrices: matricesRouter,
  uploads: uploadsRouter,
  styles: stylesRouter,
  pictures: picturesRouter,
  shared: sharedRouter,
  arena: arenaRouter,
  models: modelsRouter,
  session: sessionRouter,
  webhooks: webhooksRouter,
  events: eventsRouter,
  keys: keysRouter,
  usage: usageRouter,
  limits: limitsRouter,
  health: healthRouter,
});

/** The type clients are made from. */
export type AppRouter = typeof appRouter;
