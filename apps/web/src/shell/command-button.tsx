"use client";

import { Search } from "lucide-react";
import dynamic from "next/dynamic";
import { useEffect, useState } from "react";
import { IconButton } from "@/components/icon-button";

// Loaded when it is first opened: most visits never do.
const CommandPalette = dynamic(() => import("./command-palette").then((module) => module.CommandPalette), { ssr: false });

/** Opens the command palette, as do Ctrl-K and Cmd-K. */
export const CommandButton = () => {
  const [open, setOpen] = useState(false);
  const [wanted, setWanted] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      setWanted(true);
      setOpen((was) => !was);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  return (
    <>
      <IconButton
        side="right"
        label="Commands"
        hint="Commands (Ctrl K)"
        onClick={() => {
          setWanted(true);
          setOpen(true);
        }}
      >
        <Search aria-hidden />
      </IconButton>
      {wanted && <CommandPalette open={open} onOpenChange={setOpen} />}
    </>
  );
};
