"use client";

import { useId, type ReactNode } from "react";
import { explain } from "@/api/explain";
import { Button } from "./button";
import { Dialog } from "./dialog";

interface FormDialogProps {
  readonly open?: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  readonly description?: ReactNode;
  /** What sending it does: the button's words. */
  readonly action: string;
  /** Whether it is filled in. */
  readonly ready: boolean;
  readonly busy: boolean;
  /** Why it did not go through, as it was thrown. */
  readonly error: unknown;
  readonly onSubmit: () => void;
  readonly children: ReactNode;
}

/** Fields over the page with one action, which Enter in a field does, too. What went wrong stands below the fields; what was typed stays. */
export const FormDialog = ({ open = true, onOpenChange, title, description, action, ready, busy, error, onSubmit, children }: FormDialogProps) => {
  const id = useId();
  const fault = error == null ? undefined : explain(error);
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={title}
      description={description}
      actions={
        <Button variant="primary" type="submit" form={id} disabled={!ready} busy={busy}>
          {action}
        </Button>
      }
    >
      <form
        id={id}
        className="grid gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && !busy) onSubmit();
        }}
      >
        {children}
        {fault !== undefined && (
          <p role="alert" className="text-danger">
            {fault.title} <span className="text-muted">{fault.advice}</span>
          </p>
        )}
      </form>
    </Dialog>
  );
};
