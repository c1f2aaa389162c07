"use client";

import * as Radix from "radix-ui/tooltip";
import type { ReactNode } from "react";

/** Says what its child does, on hover and on focus by the keyboard. The child needs its own accessible name. */
export const Tooltip = ({ label, side = "bottom", children }: { readonly label: ReactNode; readonly side?: "top" | "right" | "bottom" | "left"; readonly children: ReactNode }) => (
  <Radix.Root>
    <Radix.Trigger
      asChild
      onFocus={(event) => {
        // Focus that a dialog gives when it opens is no question.
        if (!event.currentTarget.matches(":focus-visible")) event.preventDefault();
      }}
    >
      {children}
    </Radix.Trigger>
    <Radix.Portal>
      <Radix.Content side={side} sideOffset={6} collisionPadding={8} className="z-50 animate-rise rounded-sm bg-ink px-2 py-1 text-xs text-surface shadow-float">
        {label}
      </Radix.Content>
    </Radix.Portal>
  </Radix.Root>
);
