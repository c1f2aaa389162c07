import { twMerge } from "tailwind-merge";

/** Joins class names; of two that set the same thing the later wins. */
export const cn = (...classes: readonly (string | false | null | undefined)[]): string => twMerge(classes.filter(Boolean).join(" "));
