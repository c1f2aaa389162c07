"use client";

import type { Scope } from "@deadiff/schemas/contracts";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "@/api/client";
import { explain } from "@/api/explain";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { Field, fieldIds } from "@/components/field";
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
const SCOPES = Object.keys(ABOUT) as Scope[];
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
  const ready = name.trim() !== "" && scopes.length > 0;
  return (
    <Dialog
      open
      onOpenChange={onOpenChange}
      title="New API key"
      actions={
        <Button variant="primary" type="submit" form="new-key" disabled={!ready} busy={create.isPending}>
          Make the key
        </Button>
      }
    >
      <form
        id="new-key"
        className="grid gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          const days = LIFETIMES[lifetime];
          if (ready) create.mutate({ name: name.trim(), mode, scopes: [...scopes], ...(days === null ? {} : { expires_at: new Date(Date.now() + days * DAY_MS).toISOString() }) });
        }}
      >
        <Field id="key-name" label="Name" hint="The program that will use it.">
          <Input id="key-name" aria-describedby={fieldIds("key-name").hintId} value={name} maxLength={100} required placeholder="print shop" onChange={(event) => setName(event.target.value)} />
        </Field>
        <div className="grid grid-cols-2 gap-4">
          <Field id="key-mode" label="Mode" hint={mode === "live" ? "Makes pictures and costs credits." : "Free, for your tests."}>
            <Segmented label="Mode" value={mode} options={[{ value: "live", label: "Live" }, { value: "test", label: "Test" }]} onChange={setMode} />
          </Field>
          <Field id="key-lifetime" label="Works for" hint="After that it is refused.">
            <Select
              id="key-lifetime"
              label="Works for"
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
        <fieldset className="grid gap-1">
          <legend className="mb-1.5 font-medium">It may</legend>
          {SCOPES.map((scope) => (
            <label key={scope} className="flex cursor-pointer items-center gap-2.5 rounded-sm px-1 py-1 hover:bg-hover">
              <input type="checkbox" className="size-4 accent-accent" checked={scopes.includes(scope)} onChange={(event) => setScopes(event.target.checked ? [...scopes, scope] : scopes.filter((other) => other !== scope))} />
              <span className="flex-1">{ABOUT[scope]}</span>
              <span className="font-mono text-xs text-faint">{scope}</span>
            </label>
          ))}
        </fieldset>
        {create.error !== null && (
          <p role="alert" className="text-danger">
            {explain(create.error).title} <span className="text-muted">{explain(create.error).advice}</span>
          </p>
        )}
      </form>
    </Dialog>
  );
};
