"use client";

import { X } from "lucide-react";
import * as Radix from "radix-ui/dialog";
import type { ReactNode } from "react";
import { Button } from "./button";
import { cn } from "./cn";

interface DialogProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  readonly description?: ReactNode;
  readonly children: ReactNode;
  /** Buttons at the end. */
  readonly actions?: ReactNode;
  readonly className?: string;
}

/** A question or a form over the page; from the bottom on a phone. */
export const Dialog = ({ open, onOpenChange, title, description, children, actions, className }: DialogProps) => (
  <Radix.Root open={open} onOpenChange={onOpenChange}>
    <Radix.Portal>
      <Radix.Overlay className="fixed inset-0 z-40 animate-fade bg-black/45 backdrop-blur-[2px]" />
      <Radix.Content
        {...(description === undefined ? { "aria-describedby": undefined } : {})}
        className={cn(
          "fixed inset-x-0 bottom-0 z-50 flex max-h-[92dvh] animate-rise flex-col gap-4 overflow-y-auto rounded-t-xl border bg-raised p-5 shadow-float sm:inset-auto sm:top-1/2 sm:left-1/2 sm:w-[min(92vw,30rem)] sm:-translate-x-1/2 sm:-translate-y-1/2 sm:rounded-xl",
          className,
        )}
      >
        <header className="grid gap-1 pr-10">
          <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
          {description !== undefined && <Radix.Description className="text-muted">{description}</Radix.Description>}
        </header>
        {children}
        {actions !== undefined && <footer className="flex flex-wrap justify-end gap-2">{actions}</footer>}
        <Radix.Close asChild>
          <Button variant="ghost" size="sm" square aria-label="Close" className="absolute top-4 right-4">
            <X aria-hidden />
          </Button>
        </Radix.Close>
      </Radix.Content>
    </Radix.Portal>
  </Radix.Root>
);
