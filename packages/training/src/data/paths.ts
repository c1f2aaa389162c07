import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this package. */
export const PACKAGE_FOLDER = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The root of the repository. */
export const ROOT_FOLDER = dirname(dirname(PACKAGE_FOLDER));

/** Where the icon packages are brought to. */
export const ICONS_FOLDER = join(ROOT_FOLDER, ".cache/icons");

/** Where datasets are written, one folder each. */
export const DATA_FOLDER = join(ROOT_FOLDER, ".cache/data");
