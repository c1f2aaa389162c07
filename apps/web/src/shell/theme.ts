"use client";

import { useSyncExternalStore } from "react";

/** What a person chose; `system` follows the machine. */
export type Theme = "light" | "dark" | "system";

const KEY = "theme";
const listeners = new Set<() => void>();

/** Runs before the first paint, as text in the page: a dark room must not flash white. */
export const THEME_SCRIPT = `try{const t=localStorage.getItem("${KEY}");document.documentElement.classList.toggle("dark",t==="dark"||(t!=="light"&&matchMedia("(prefers-color-scheme: dark)").matches))}catch{}`;

const read = (): Theme => {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
};

const apply = (): void => {
  const theme = read();
  document.documentElement.classList.toggle("dark", theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches));
};

/** Keeps the choice and shows it, in every tab. */
export const setTheme = (theme: Theme): void => {
  if (theme === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  apply();
  for (const listener of listeners) listener();
};

const subscribe = (listener: () => void): (() => void) => {
  const heard = () => {
    apply();
    listener();
  };
  const system = matchMedia("(prefers-color-scheme: dark)");
  listeners.add(listener);
  window.addEventListener("storage", heard);
  system.addEventListener("change", heard);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", heard);
    system.removeEventListener("change", heard);
  };
};

/** The choice. */
export const useTheme = (): Theme => useSyncExternalStore(subscribe, read, () => "system");
