// Pictures that are imported: what next-env.d.ts declares too, which a build makes, but linting comes before it.
/// <reference types="next/image-types/global" />
