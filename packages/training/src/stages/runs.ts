import { join } from "node:path";
import { ROOT_FOLDER } from "../data/paths.ts";

/** Where training runs keep checkpoints, curves and sheets. */
export const RUNS_FOLDER = join(ROOT_FOLDER, "runs");
