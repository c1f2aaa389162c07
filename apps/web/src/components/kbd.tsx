"use client";

import { useSyncExternalStore, type ReactNode } from "react";
import { cn } from "./cn";

/** A key of the keyboard. */
export const Kbd = ({ children, className }: { readonly children: ReactNode; readonly className?: string }) => (
  <kbd className={cn("inline-flex h-5 min-w-5 items-center justify-center rounded-[5px] border border-line bg-surface px-1 font-sans text-[0.6875rem] text-muted", className)}>{children}</kbd>
);

const never = () => () => undefined;

/** What the key for commands is called on this machine. The server does not know it and says Ctrl. */
export const useCommandKey = (): "⌘" | "Ctrl" =>
  useSyncExternalStore(never, () => (/Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl"), () => "Ctrl");
