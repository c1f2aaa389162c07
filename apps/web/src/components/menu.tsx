"use client";

import * as Radix from "radix-ui/dropdown-menu";
import type { ReactNode } from "react";
import { cn } from "./cn";

/** Actions behind one button. */
export const Menu = ({ trigger, children, align = "end" }: { readonly trigger: ReactNode; readonly children: ReactNode; readonly align?: "start" | "end" }) => (
  <Radix.Root>
    <Radix.Trigger asChild>{trigger}</Radix.Trigger>
    <Radix.Portal>
      <Radix.Content align={align} sideOffset={6} collisionPadding={8} className="z-50 min-w-44 animate-rise rounded-md border bg-raised p-1 shadow-float">
        {children}
      </Radix.Content>
    </Radix.Portal>
  </Radix.Root>
);

/** One action of a {@link Menu}. */
export const MenuItem = ({ children, danger = false, disabled = false, onSelect }: { readonly children: ReactNode; readonly danger?: boolean; readonly disabled?: boolean; readonly onSelect: () => void }) => (
  <Radix.Item
    disabled={disabled}
    onSelect={onSelect}
    className={cn("flex cursor-pointer select-none items-center gap-2 rounded-sm px-2.5 py-1.5 outline-none data-disabled:opacity-45 data-highlighted:bg-hover [&_svg]:size-4", danger && "text-danger data-highlighted:bg-danger-soft")}
  >
    {children}
  </Radix.Item>
);

/** A line between groups of actions. */
export const MenuLine = () => <Radix.Separator className="my-1 h-px bg-line" />;
