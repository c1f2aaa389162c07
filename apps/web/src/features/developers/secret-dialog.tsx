"use client";

import { ShieldAlert } from "lucide-react";
import { Button } from "@/components/button";
import { CopyButton } from "@/components/copy-button";
import { Dialog } from "@/components/dialog";
import { Input } from "@/components/input";

/** Shows a secret, once. */
export const SecretDialog = ({ title, secret, use, onClose }: { readonly title: string; readonly secret: string; readonly use: string; readonly onClose: () => void }) => (
  <Dialog
    open
    onOpenChange={(open) => !open && onClose()}
    title={title}
    description={use}
    actions={
      <Button variant="primary" onClick={onClose}>
        I have kept it
      </Button>
    }
  >
    <div className="flex items-center gap-1.5">
      <Input readOnly aria-label="The secret" className="bg-sunken font-mono text-xs" value={secret} onFocus={(event) => event.target.select()} />
      <CopyButton text={secret} label="Copy the secret" />
    </div>
    <p className="flex gap-2 text-xs text-warn">
      <ShieldAlert aria-hidden className="size-4 shrink-0" />
      It is shown this once: we keep only what recognises it.
    </p>
  </Dialog>
);
