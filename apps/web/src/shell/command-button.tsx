"use client";

import { Search } from "lucide-react";
import dynamic from "next/dynamic";
import { useEffect, useState } from "react";
import { create } from "zustand";
import { IconButton } from "@/components/icon-button";
import { useCommandKey } from "@/components/kbd";

// Loaded when it is first opened: most visits never do.
const CommandPalette = dynamic(() => import("./command-palette").then((module) => module.CommandPalette), { ssr: false });

const useCommands = create<{ readonly open: boolean; readonly setOpen: (open: boolean) => void }>()((set) => ({ open: false, setOpen: (open) => set({ open }) }));

/** Opens the commands. */
export const CommandButton = ({ side }: { readonly side: "right" | "bottom" }) => {
  const commandKey = useCommandKey();
  return (
    <IconButton side={side} label="Commands" hint={`Commands (${commandKey} K)`} onClick={() => useCommands.getState().setOpen(true)}>
      <Search aria-hidden />
    </IconButton>
  );
};

/** The commands, once on every page; Ctrl-K and Cmd-K open them. */
export const Commands = () => {
  const { open, setOpen } = useCommands();
  const [wanted, setWanted] = useState(false);
  if (open && !wanted) setWanted(true);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      useCommands.getState().setOpen(!useCommands.getState().open);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  return wanted ? <CommandPalette open={open} onOpenChange={setOpen} /> : null;
};
