"use client";

import type { Scope } from "@deadiff/schemas/contracts";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "@/api/client";
import { Checklist } from "@/components/checklist";
import { Field, fieldIds } from "@/components/field";
import { FormDialog } from "@/components/form-dialog";
import { Input } from "@/components/input";
import { Segmented } from "@/components/segmented";
import { Select } from "@/components/select";

const ABOUT: Readonly<Record<Scope, string>> = {
  "jobs:read": "See jobs, pictures, styles and uploads",
  "jobs:write": "Make, cancel and delete pictures",
  "uploads:write": "Send reference pictures",
  "styles:write": "Keep and change styles",
  "webhooks:write": "Manage webhook endpoints",
  "billing:read": "See credits and usage",
  "keys:admin": "Make and revoke keys",
};
const USUAL: readonly Scope[] = ["jobs:read", "jobs:write", "uploads:write", "styles:write"];
const LIFETIMES = { never: null, month: 30, quarter: 90, year: 365 } as const;
const DAY_MS = 86_400_000;

/** Makes a key. */
export const NewKeyDialog = ({ onOpenChange, onMade }: { readonly onOpenChange: (open: boolean) => void; readonly onMade: (secret: string) => void }) => {
  const trpc = useTRPC();
  const [name, setName] = useState("");
  const [mode, setMode] = useState<"live" | "test">("live");
  const [scopes, setScopes] = useState<readonly Scope[]>(USUAL);
  const [lifetime, setLifetime] = useState<keyof typeof LIFETIMES>("never");
  const create = useMutation(trpc.keys.create.mutationOptions({ onSuccess: ({ secret }) => onMade(secret) }));
  return (
    <FormDialog
      onOpenChange={onOpenChange}
      title="New API key"
      action="Make the key"
      ready={name.trim() !== "" && scopes.length > 0}
      busy={create.isPending}
      error={create.error}
      onSubmit={() => {
        const days = LIFETIMES[lifetime];
        create.mutate({ name: name.trim(), mode, scopes: [...scopes], ...(days === null ? {} : { expires_at: new Date(Date.now() + days * DAY_MS).toISOString() }) });
      }}
    >
      <Field id="key-name" label="Name" hint="The program that will use it.">
        <Input id="key-name" aria-describedby={fieldIds("key-name").hintId} value={name} maxLength={100} required placeholder="print shop" onChange={(event) => setName(event.target.value)} />
      </Field>
      <div className="grid grid-cols-2 gap-4">
        <Field id="key-mode" label="Mode" hint={mode === "live" ? "Makes pictures and costs credits." : "Free, for your tests."}>
          <Segmented label="Mode" describedBy={fieldIds("key-mode").hintId} value={mode} options={[{ value: "live", label: "Live" }, { value: "test", label: "Test" }]} onChange={setMode} />
        </Field>
        <Field id="key-lifetime" label="Works for" hint="After that it is refused.">
          <Select
            id="key-lifetime"
            label="Works for"
            describedBy={fieldIds("key-lifetime").hintId}
            value={lifetime}
            options={[
              { value: "never", label: "Until revoked" },
              { value: "month", label: "30 days" },
              { value: "quarter", label: "90 days" },
              { value: "year", label: "A year" },
            ]}
            onChange={setLifetime}
          />
        </Field>
      </div>
      <Checklist legend="It may" hint="Calls beyond these are refused." about={ABOUT} value={scopes} onChange={setScopes} />
    </FormDialog>
  );
};
