"use client";

import { Monitor, Moon, Sun } from "lucide-react";
import { Button } from "@/components/button";
import { Menu, MenuItem } from "@/components/menu";
import { setTheme, useTheme } from "./theme";

/** Light, dark, or as the machine is. */
export const ThemeMenu = () => {
  const theme = useTheme();
  return (
    <Menu
      align="start"
      trigger={
        <Button variant="ghost" square aria-label={`Theme: ${theme}`}>
          <Sun aria-hidden className="dark:hidden" />
          <Moon aria-hidden className="hidden dark:block" />
        </Button>
      }
    >
      <MenuItem onSelect={() => setTheme("light")}>
        <Sun aria-hidden /> Light
      </MenuItem>
      <MenuItem onSelect={() => setTheme("dark")}>
        <Moon aria-hidden /> Dark
      </MenuItem>
      <MenuItem onSelect={() => setTheme("system")}>
        <Monitor aria-hidden /> As the system
      </MenuItem>
    </Menu>
  );
};
