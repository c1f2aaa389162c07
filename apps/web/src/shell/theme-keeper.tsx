"use client";

import { useLayoutEffect } from "react";
import { followTheme } from "./theme";

/** Keeps the page in its theme. */
export const ThemeKeeper = () => {
  useLayoutEffect(followTheme, []);
  return null;
};
