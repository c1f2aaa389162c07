"use client";

import { Moon, Sun } from "lucide-react";
import { IconButton } from "@/components/icon-button";
import { setTheme } from "./theme";

/** Light or dark, whichever it is not; the commands also offer the system's. */
export const ThemeButton = ({ side }: { readonly side: "right" | "bottom" }) => (
  <IconButton side={side} label="Switch between light and dark" onClick={() => setTheme(document.documentElement.classList.contains("dark") ? "light" : "dark")}>
    <Sun aria-hidden className="dark:hidden" />
    <Moon aria-hidden className="hidden dark:block" />
  </IconButton>
);
