"use client";

import * as Radix from "radix-ui/popover";
import type { ReactNode } from "react";
import { cn } from "./cn";

/** Something small beside its trigger. */
export const Popover = ({ trigger, label, children, className, align = "start" }: { readonly trigger: ReactNode; readonly label: string; readonly children: ReactNode; readonly className?: string; readonly align?: "start" | "center" | "end" }) => (
  <Radix.Root>
    <Radix.Trigger asChild>{trigger}</Radix.Trigger>
    <Radix.Portal>
      <Radix.Content aria-label={label} align={align} sideOffset={6} collisionPadding={12} className={cn("z-50 animate-rise rounded-lg border bg-raised p-3 shadow-float", className)}>
        {children}
      </Radix.Content>
    </Radix.Portal>
  </Radix.Root>
);
