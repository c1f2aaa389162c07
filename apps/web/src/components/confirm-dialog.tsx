"use client";

import type { ReactNode } from "react";
import { Button } from "./button";
import { Dialog } from "./dialog";

/** Asks before something that cannot be undone. */
export const ConfirmDialog = ({ open, onOpenChange, title, children, action, busy = false, onConfirm }: { readonly open: boolean; readonly onOpenChange: (open: boolean) => void; readonly title: string; readonly children: ReactNode; readonly action: string; readonly busy?: boolean; readonly onConfirm: () => void }) => (
  <Dialog
    open={open}
    onOpenChange={onOpenChange}
    title={title}
    description={children}
    actions={
      <>
        <Button onClick={() => onOpenChange(false)}>Keep it</Button>
        <Button variant="danger" busy={busy} onClick={onConfirm}>
          {action}
        </Button>
      </>
    }
  >
    {null}
  </Dialog>
);
