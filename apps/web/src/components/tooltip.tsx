"use client";

import * as Radix from "radix-ui/tooltip";
import type { ReactNode } from "react";

/** Says what its child does, on hover and on focus. The child needs its own accessible name. */
export const Tooltip = ({ label, side = "bottom", children }: { readonly label: ReactNode; readonly side?: "top" | "right" | "bottom" | "left"; readonly children: ReactNode }) => (
  <Radix.Root>
    <Radix.Trigger asChild>{children}</Radix.Trigger>
    <Radix.Portal>
      <Radix.Content side={side} sideOffset={6} collisionPadding={8} className="z-50 animate-rise rounded-sm bg-ink px-2 py-1 text-xs text-surface shadow-float">
        {label}
      </Radix.Content>
    </Radix.Portal>
  </Radix.Root>
);
